// Brings an input vector from AXI-Stream into the banks, one activation a bank and word.
// Latency 1 cycle from a word to its activations in the banks, interval 1; a busy bank's one waits.
// AXI-Stream handshake, tready_o from registers: low from a vector's last word until release_i.
// Golden: the inputs of hw.engines.folded.interpret; offset binary is v - low of its IntType.
module ganglion_loader #(
  parameter int unsigned Width       = 8,   // activations a word
  parameter int unsigned Words       = 2,   // words a vector
  parameter int unsigned InBits      = 8,
  parameter bit          InSigned    = 1,
  parameter int unsigned AddressBits = 6,
  parameter int unsigned Base        = 62   // address of the first word
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic [Width*InBits-1:0] tdata_i,
  input  logic                    tvalid_i,
  output logic                    tready_o,
  input  logic                    release_i,
  output logic                    done_o,   // a word is in the banks at the end of the cycle
  input  logic [Width-1:0]        busy_i,
  output logic [Width-1:0]        we_o,
  output logic [AddressBits-1:0]  addr_o,
  output logic [Width-1:0][InBits-1:0] data_o
);
  localparam logic [InBits-1:0] Offset = InSigned ? InBits'(1) << (InBits - 1) : '0;
  localparam logic [AddressBits-1:0] FirstAddress = AddressBits'(Base);
  localparam logic [AddressBits-1:0] LastAddress  = AddressBits'(Base + Words - 1);
  if (Words < 1 || Base + Words > 1 << AddressBits) begin : g_bad
    $error("ganglion_loader: %0d words from address %0d do not fit %0d address bits",
           Words, Base, AddressBits);
  end

  logic loaded_q, waiting_q, accept, done;
  logic [Width-1:0] left_q, left_d;
  logic [Width*InBits-1:0] word_q;
  logic [AddressBits-1:0] addr_q;

  assign tready_o = !loaded_q && !waiting_q;
  assign accept   = tvalid_i && tready_o;
  assign we_o     = waiting_q ? left_q : {Width{accept}};
  assign left_d   = we_o & busy_i;
  assign done     = (accept || waiting_q) && left_d == '0;
  assign addr_o   = addr_q;
  assign done_o   = done;
  for (genvar i = 0; i < Width; i++) begin : g_value
    assign data_o[i] = (waiting_q ? word_q[i*InBits+:InBits] : tdata_i[i*InBits+:InBits]) ^ Offset;
  end

  always_ff @(posedge clk_i) begin
    if (accept) word_q <= tdata_i;
    left_q <= left_d;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      loaded_q  <= 1'b0;
      waiting_q <= 1'b0;
      addr_q    <= FirstAddress;
    end else begin
      waiting_q <= left_d != '0;
      if (release_i) loaded_q <= 1'b0;
      if (done && addr_q == LastAddress) begin
        loaded_q <= 1'b1;
        addr_q   <= FirstAddress;
      end else if (done) begin
        addr_q <= addr_q + 1'b1;
      end
    end
  end
endmodule

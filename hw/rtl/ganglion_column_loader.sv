// Brings an input vector from AXI-Stream into the lanes' banks: a word, turned, to a group of them.
// Latency 1 cycle from a word to its activations in the banks, interval 1.
// AXI-Stream handshake: tready_o low from a vector's last word until release_i, and with busy_i.
// Golden: hw.engines.folded.columns.placement; offset binary is v - low of its IntType.
module ganglion_column_loader #(
  parameter  int unsigned Lanes       = 8,
  parameter  int unsigned Width       = 8,   // activations a word and lanes a group
  parameter  int unsigned Words       = 2,   // a vector
  parameter  int unsigned InBits      = 8,
  parameter  bit          InSigned    = 1,
  parameter  int unsigned AddressBits = 6,
  parameter               InputsFile  = "",  // of each word, its turn and above it its group
  localparam int unsigned Groups      = Lanes / Width,
  localparam int unsigned GroupBits   = Groups > 1 ? $clog2(Groups) : 1,
  localparam int unsigned TurnBits    = Width > 1 ? $clog2(Width) : 1
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic [Width*InBits-1:0] tdata_i,
  input  logic                    tvalid_i,
  output logic                    tready_o,
  input  logic                    release_i,
  input  logic                    busy_i,  // the banks' ports are taken
  output logic                    done_o,  // the vector is in the banks at the end of the cycle
  output logic [Lanes-1:0]        we_o,
  output logic [AddressBits-1:0]  addr_o,
  output logic [Width-1:0][InBits-1:0] data_o
);
  localparam logic [InBits-1:0] Offset = InSigned ? InBits'(1) << (InBits - 1) : '0;
  localparam int unsigned CountBits = Words > 1 ? $clog2(Words) : 1;
  if (Width < 1 || Width != 1 << $clog2(Width) || Lanes % Width != 0) begin : g_bad
    $error("ganglion_column_loader: Width %0d (a power of two that divides Lanes %0d)",
           Width, Lanes);
  end

  (* ram_style = "block", rom_style = "block" *) logic [GroupBits+TurnBits-1:0] places [Words];
  initial if (InputsFile != "") $readmemh(InputsFile, places);

  logic loaded_q, accept, is_last;
  logic [CountBits-1:0] word_q, word;
  logic [GroupBits-1:0] group, in_block_q;
  logic [TurnBits-1:0] turn;
  logic [AddressBits-1:0] addr_q;

  assign tready_o = !loaded_q && !busy_i;
  assign accept   = tvalid_i && tready_o;
  assign is_last  = word_q == CountBits'(Words - 1);
  assign done_o   = accept && is_last;
  assign addr_o   = addr_q;
  for (genvar p = 0; p < Lanes; p++) begin : g_lane
    assign we_o[p] = accept && group == GroupBits'(p / Width);
  end
  for (genvar i = 0; i < Width; i++) begin : g_place
    // A word's value j goes to place j + turn.
    logic [TurnBits-1:0] value;
    assign value = Width > 1 ? TurnBits'(i) - turn : '0;
    assign data_o[i] = tdata_i[value*InBits+:InBits] ^ Offset;
  end

  // The place of the word that comes next waits at the memory's output.
  assign word = !rst_ni || done_o ? '0 : word_q + CountBits'(accept);
  always_ff @(posedge clk_i) begin
    word_q        <= word;
    {group, turn} <= places[word];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || done_o) begin
      {in_block_q, addr_q} <= '0;
    end else if (accept) begin
      in_block_q <= in_block_q == GroupBits'(Groups - 1) ? '0 : in_block_q + 1'b1;
      if (in_block_q == GroupBits'(Groups - 1)) addr_q <= addr_q + 1'b1;
    end
    if (!rst_ni || release_i) loaded_q <= 1'b0;
    else if (done_o) loaded_q <= 1'b1;
  end
endmodule

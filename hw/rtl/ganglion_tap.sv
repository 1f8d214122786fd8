// Gathers a hidden layer's results, which come in the program's order, into one word to watch.
// Latency 1 cycle from the layer's last result; one word a vector. For simulation only.
// No handshake, it only watches: valid for one cycle a vector, ready in all.
// Golden: models.reference.IntNetwork.forward; the order is Program.written of hw.engines.folded.
module ganglion_tap #(
  parameter  int unsigned Banks     = 8,
  parameter  int unsigned ActBits   = 8,
  parameter  int unsigned First     = 0,   // of this layer among all hidden neurons
  parameter  int unsigned Features  = 16,
  parameter  int unsigned Bits      = 8,
  parameter  bit          IsSigned  = 0,
  parameter  int unsigned Results   = 64,  // a bank in OrderFile; surplus ones are End
  parameter               OrderFile = "",
  localparam int unsigned WordBits  = (Features * Bits + 7) / 8 * 8
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic [Banks-1:0]              we_i,
  input  logic [Banks-1:0][ActBits-1:0] data_i,
  output logic [WordBits-1:0]           tdata_o,
  output logic                          tvalid_o,
  output logic                          tready_o
);
  localparam logic [15:0] End = '1;
  localparam logic [Bits-1:0] Offset = IsSigned ? Bits'(1) << (Bits - 1) : '0;
  if (Features < 1 || Bits < 2 || Bits > ActBits) begin : g_bad
    $error("ganglion_tap: Features %0d (from 1), Bits %0d (2 to %0d)", Features, Bits, ActBits);
  end

  logic [15:0] order [Banks*(Results+1)];
  initial if (OrderFile != "") $readmemh(OrderFile, order);

  // How many results each bank has seen of this vector, and this layer in all banks.
  int unsigned seen_q [Banks];
  int unsigned count_q;
  logic [WordBits-1:0] word_q;

  assign tdata_o  = word_q;
  assign tvalid_o = count_q == Features;
  assign tready_o = 1'b1;

  always_ff @(posedge clk_i) begin
    automatic int unsigned count = tvalid_o ? 0 : count_q;
    if (!rst_ni) begin
      seen_q  <= '{default: 0};
      count_q <= 0;
    end else if (we_i != '0 || tvalid_o) begin
      for (int unsigned b = 0; b < Banks; b++) begin
        automatic int unsigned at     = b * (Results + 1) + seen_q[b];
        automatic int unsigned neuron = 32'(order[at]) - First;
        if (we_i[b]) seen_q[b] <= order[at+1] == End ? 0 : seen_q[b] + 1;
        if (we_i[b] && neuron < Features) begin
          word_q[neuron*Bits+:Bits] <= data_i[b][Bits-1:0] ^ Offset;
          count++;
        end
      end
      count_q <= count;
    end
  end
endmodule

// A bank of activations: one write port and one read address, in distributed memory.
// Latency Pipelining cycles to read, 1 + Pipelining from a write to reading it; interval 1.
// No handshake: a write whenever we_i is set.
// Golden: the memory in hw.engines.folded.interpret.
module ganglion_bank #(
  parameter int unsigned ActBits     = 8,
  parameter int unsigned AddressBits = 5,
  parameter int unsigned Pipelining  = 0   // registers around its ports
) (
  input  logic                   clk_i,
  input  logic                   we_i,
  input  logic [AddressBits-1:0] waddr_i,
  input  logic [ActBits-1:0]     wdata_i,
  input  logic [AddressBits-1:0] raddr_i,
  output logic [ActBits-1:0]     rdata_o
);
  if (ActBits < 2 || ActBits > 8 || AddressBits < 1 || AddressBits > 13) begin : g_bad
    $error("ganglion_bank: ActBits %0d (2 to 8), AddressBits %0d (1 to 13)", ActBits, AddressBits);
  end

  logic we;
  logic [AddressBits-1:0] waddr;
  logic [ActBits-1:0] wdata;
  (* ram_style = "distributed" *) logic [ActBits-1:0] words_q [1 << AddressBits];

  ganglion_delay #(.Bits(1 + AddressBits + ActBits), .Cycles(Pipelining)) u_write (
    .clk_i, .rst_ni(1'b1), .data_i({we_i, waddr_i, wdata_i}), .data_o({we, waddr, wdata})
  );
  always_ff @(posedge clk_i) if (we) words_q[waddr] <= wdata;

  ganglion_delay #(.Bits(ActBits), .Cycles(Pipelining)) u_read (
    .clk_i, .rst_ni(1'b1), .data_i(words_q[raddr_i]), .data_o(rdata_o)
  );
endmodule

// The write port of a bank: results of lanes and reduction at ascending addresses, else inputs.
// Latency 0: what arrives is in the bank at the end of the cycle. Interval 1.
// No handshake: results win, busy_o tells the loader; two results at once are a scheduling error.
// Golden: the writes of hw.engines.folded.interpret.
module ganglion_write_port #(
  parameter int unsigned Sources     = 1,
  parameter int unsigned ActBits     = 8,
  parameter int unsigned AddressBits = 5,
  parameter int unsigned Depth       = 31,  // addresses 0 to Depth - 1 hold results, in turn
  parameter int unsigned Results     = 32   // of one vector
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   restart_i,  // the next result is the next vector's first
  input  logic [Sources-1:0]     valid_i,
  input  logic [Sources-1:0][ActBits-1:0] result_i,
  output logic                   busy_o,
  input  logic                   load_we_i,
  input  logic [AddressBits-1:0] load_addr_i,
  input  logic [ActBits-1:0]     load_data_i,
  output logic                   we_o,
  output logic [AddressBits-1:0] addr_o,
  output logic [ActBits-1:0]     data_o
);
  localparam logic [AddressBits-1:0] LastAddress = AddressBits'(Depth - 1);
  if (Sources < 1 || Depth < 1 || Depth > 1 << AddressBits) begin : g_bad
    $error("ganglion_write_port: Sources %0d (from 1), Depth %0d in %0d address bits",
           Sources, Depth, AddressBits);
  end

  logic [AddressBits-1:0] addr_q;
  logic [ActBits-1:0] result;
  logic wraps;

  always_comb begin
    result = '0;
    for (int i = 0; i < int'(Sources); i++) result |= result_i[i] & {ActBits{valid_i[i]}};
  end

  assign wraps  = Results > Depth && addr_q == LastAddress;
  assign busy_o = |valid_i;
  assign we_o   = busy_o || load_we_i;
  assign addr_o = busy_o ? addr_q : load_addr_i;
  assign data_o = busy_o ? result : load_data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || restart_i || (busy_o && wraps)) addr_q <= '0;
    else if (busy_o) addr_q <= addr_q + 1'b1;
  end

`ifndef SYNTHESIS
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(valid_i))
    else $error("ganglion_write_port: two results in one cycle: %b", valid_i);
`endif
endmodule

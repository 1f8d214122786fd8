// The shares of a lane until they are added; zero for the neurons that it has no share of.
// Latency 1 cycle from pop_i to share_o; interval 1.
// No handshake: the schedule pushes where there is room and pops what was pushed a cycle before.
// Golden: the shares in hw.engines.folded.columns.interpret.
module ganglion_share_queue #(
  parameter int unsigned Bits    = 22,
  parameter int unsigned EndBits = 2,
  parameter int unsigned Depth   = 32  // a power of two
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [EndBits-1:0] push_i,  // 1 + the neurons after this one that the lane lacks, or 0
  input  logic [Bits-1:0]    data_i,
  input  logic               pop_i,
  output logic [Bits-1:0]    share_o
);
  localparam int unsigned PointerBits = $clog2(Depth);
  if (Depth < 2 || Depth != 1 << PointerBits || EndBits < 1) begin : g_bad
    $error("ganglion_share_queue: Depth %0d (a power of two), EndBits %0d (from 1)",
           Depth, EndBits);
  end

  (* ram_style = "distributed" *) logic [EndBits+Bits-1:0] shares_q [Depth];
  logic [PointerBits-1:0] tail_q, head_q;
  logic [EndBits-1:0] lacks_q, lacks, ends;
  logic [Bits-1:0] share;
  logic skips, takes;

  assign {ends, share} = shares_q[head_q];
  assign skips = !pop_i || lacks_q != '0;
  assign takes = !skips;
  assign lacks = takes ? ends - 1'b1 : lacks_q - 1'b1;

  always_ff @(posedge clk_i) begin
    if (push_i != '0) shares_q[tail_q] <= {push_i, data_i};
    share_o <= skips ? '0 : share;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {tail_q, head_q} <= '0;
      lacks_q <= '0;
    end else begin
      tail_q <= tail_q + PointerBits'(push_i != '0);
      head_q <= head_q + PointerBits'(takes);
      if (pop_i) lacks_q <= lacks;
    end
  end

`ifndef SYNTHESIS
  int unsigned queued_q;
  always_ff @(posedge clk_i) queued_q <= rst_ni ? queued_q + 32'(push_i != '0) - 32'(takes) : 0;
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(takes && queued_q == 0))
    else $error("ganglion_share_queue: popped while empty");
  assert property (@(posedge clk_i) disable iff (!rst_ni)
                   !(push_i != '0 && queued_q == Depth && !takes))
    else $error("ganglion_share_queue: pushed while %0d are queued", Depth);
`endif
endmodule

// Complete planes of two streams, one after the other as the map has them.
// Latency 1 cycle from full_i to ready_o, when it is the plane's turn.
// A ready/take handshake out. credit_o promises a stream room for a plane more; reserve_i takes it.
// Golden: hw.engines.planar.cycles.
module ganglion_planar_turns #(
  parameter int unsigned         Channels = 4,
  parameter logic [Channels-1:0] Seconds  = 4'b1010,  // those that the second stream makes
  parameter int unsigned         Bits     = 8         // of a plane
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [1:0]           reserve_i,
  output logic [1:0]           credit_o,
  input  logic [1:0]           full_i,
  input  logic [1:0][Bits-1:0] planes_i,  // stay until a credit's first result
  output logic                 ready_o,
  output logic [Bits-1:0]      plane_o,
  input  logic                 take_i
);
  localparam int unsigned ChannelBits = $clog2(Channels);
  if (Channels < 2) begin : g_bad
    $error("ganglion_planar_turns: Channels %0d, allowed from 2", Channels);
  end

  logic [ChannelBits-1:0] channel_q;
  logic turn;
  logic [1:0] ready_q, taken;
  logic [1:0][Bits-1:0] plane_q;

  assign turn    = Seconds[channel_q];
  assign ready_o = ready_q[turn];
  assign plane_o = plane_q[turn];
  assign taken   = {take_i && turn, take_i && !turn};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) channel_q <= '0;
    else if (take_i) begin
      channel_q <= channel_q == ChannelBits'(Channels - 1) ? '0 : channel_q + 1'b1;
    end
  end

  for (genvar s = 0; s < 2; s++) begin : g_stream
    logic waits_q, moves;
    logic [1:0] under_way_q;
    assign moves       = (full_i[s] || waits_q) && (!ready_q[s] || taken[s]);
    assign credit_o[s] = under_way_q < 2'd2;
    always_ff @(posedge clk_i) begin
      if (moves) plane_q[s] <= planes_i[s];
      if (!rst_ni) begin
        waits_q     <= 1'b0;
        ready_q[s]  <= 1'b0;
        under_way_q <= '0;
      end else begin
        waits_q     <= (full_i[s] || waits_q) && !moves;
        ready_q[s]  <= moves || (ready_q[s] && !taken[s]);
        under_way_q <= under_way_q + 2'(reserve_i[s]) - 2'(taken[s]);
      end
    end
  end
endmodule

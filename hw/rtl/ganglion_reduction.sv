// Adds up captured partial sums: those of each group of lanes, and those of all groups.
// Latency 1 cycle from reduce_i to valid_o and sums (a register a group), interval 1.
// No handshake: a lane without a capture since the last reduction counts zero.
// Golden: _reduce in hw.engines.folded.interpret; group g begins with lane ceil(g Lanes / Groups).
module ganglion_reduction #(
  parameter int unsigned Lanes   = 8,
  parameter int unsigned Groups  = 2,
  parameter int unsigned AccBits = 22
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic [Lanes-1:0]               capture_i,
  input  logic [Lanes-1:0][AccBits-1:0]  acc_i,
  input  logic                           reduce_i,  // of what was captured before this cycle
  output logic                           valid_o,
  output logic [Groups-1:0][AccBits-1:0] group_o,
  output logic [AccBits-1:0]             total_o
);
  if (Lanes < 1 || Lanes > 64 || Groups < 1 || Groups > Lanes) begin : g_bad
    $error("ganglion_reduction: Lanes %0d (1 to 64), Groups %0d (1 to Lanes)", Lanes, Groups);
  end

  logic [Lanes-1:0][AccBits-1:0] held_q;
  logic [Groups-1:0][AccBits-1:0] group_d, group_q;
  logic valid_q;

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    always_ff @(posedge clk_i) begin
      if (!rst_ni || (reduce_i && !capture_i[i])) held_q[i] <= '0;
      else if (capture_i[i]) held_q[i] <= acc_i[i];
    end
  end

  for (genvar g = 0; g < Groups; g++) begin : g_group
    localparam int unsigned First = (g * Lanes + Groups - 1) / Groups;
    localparam int unsigned After = ((g + 1) * Lanes + Groups - 1) / Groups;
    ganglion_adder_tree #(.Terms(After - First), .Bits(AccBits)) u_group (
      .term_i (held_q[First+:After-First]),
      .sum_o  (group_d[g])
    );
  end
  ganglion_adder_tree #(.Terms(Groups), .Bits(AccBits)) u_total (.term_i(group_q), .sum_o(total_o));

  assign valid_o = valid_q;
  assign group_o = group_q;
  always_ff @(posedge clk_i) begin
    group_q <= group_d;
    valid_q <= rst_ni && reduce_i;
  end
endmodule

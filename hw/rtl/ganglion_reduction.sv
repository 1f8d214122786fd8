// Adds up the captured partial sums of all lanes and requantizes the total.
// Latency 1 cycle from reduce_i to result_o (a register halfway up the adder tree), interval 1.
// No handshake: a lane without a capture since the last reduction counts zero.
// Golden: _reduce in hw.folded.interpret.
module ganglion_reduction #(
  parameter  int unsigned        Lanes    = 8,
  parameter  int unsigned        AccBits  = 22,
  parameter  int unsigned        OutBits  = 8,
  parameter  int unsigned        Modes    = 1,
  parameter  logic [8*Modes-1:0] Shifts   = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths   = {Modes{8'd8}},
  localparam int unsigned        ModeBits = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic        [Lanes-1:0]    capture_i,
  input  logic [Lanes-1:0][AccBits-1:0] acc_i,
  input  logic                       reduce_i,  // of what was captured before this cycle
  input  logic        [ModeBits-1:0] mode_i,
  output logic                       valid_o,
  output logic        [ModeBits-1:0] mode_o,
  output logic        [OutBits-1:0]  result_o
);
  localparam int unsigned Group  = 1 << (($clog2(Lanes) + 1) / 2);
  localparam int unsigned Groups = (Lanes + Group - 1) / Group;
  if (Lanes < 1 || Lanes > 64) begin : g_bad
    $error("ganglion_reduction: Lanes %0d is outside 1 to 64", Lanes);
  end

  logic [Lanes-1:0][AccBits-1:0] held_q;
  logic [Groups-1:0][AccBits-1:0] group_d, group_q;
  logic [AccBits-1:0] total;
  logic valid_q;
  logic [ModeBits-1:0] mode_q;

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    always_ff @(posedge clk_i) begin
      if (!rst_ni || (reduce_i && !capture_i[i])) held_q[i] <= '0;
      else if (capture_i[i]) held_q[i] <= acc_i[i];
    end
  end

  for (genvar g = 0; g < Groups; g++) begin : g_group
    localparam int unsigned First = g * Group;
    localparam int unsigned Count = First + Group > Lanes ? Lanes - First : Group;
    ganglion_adder_tree #(.Terms(Count), .Bits(AccBits)) u_group (
      .term_i (held_q[First+:Count]),
      .sum_o  (group_d[g])
    );
  end
  ganglion_adder_tree #(.Terms(Groups), .Bits(AccBits)) u_total (.term_i(group_q), .sum_o(total));

  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(OutBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
  ) u_requantize (
    .acc_i  (total),
    .mode_i (mode_q),
    .out_o  (result_o)
  );

  assign valid_o = valid_q;
  assign mode_o  = mode_q;
  always_ff @(posedge clk_i) begin
    group_q <= group_d;
    mode_q  <= mode_i;
    valid_q <= rst_ni && reduce_i;
  end
endmodule

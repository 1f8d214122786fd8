// A lane: picks a bank's word, multiplies, accumulates from a bias, requantizes the finished sum.
// Latency 3 cycles from a word to its sum, which write_o or capture_o marks; interval 1.
// No handshake: counts words where run_i is set; last_i starts the biases over.
// Golden: hw.engines.folded.interpret.
module ganglion_lane #(
  parameter  int unsigned        Banks      = 8,
  parameter  int unsigned        ActBits    = 8,
  parameter  int unsigned        WeightBits = 8,
  parameter  int unsigned        AccBits    = 22,
  parameter  int unsigned        BiasBits   = 18,
  parameter  int unsigned        IndexBits  = 6,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  parameter  bit                 UseDsp     = 1,
  localparam int unsigned        SelectBits = Banks > 1 ? $clog2(Banks) : 1,
  localparam int unsigned        ActionBits = $clog2(Modes + 2)
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         run_i,
  input  logic                         last_i,
  input  logic        [ActionBits-1:0] action_i,  // 0 accumulate, 1 capture, 2 + m write in mode m
  input  logic signed [WeightBits-1:0] weight_i,
  input  logic        [SelectBits-1:0] select_i,
  input  logic [Banks-1:0][ActBits-1:0] act_i,
  output logic        [IndexBits-1:0]  bias_index_o,
  input  logic signed [BiasBits-1:0]   bias_i,
  output logic                         capture_o,
  output logic signed [AccBits-1:0]    acc_o,
  output logic                         write_o,
  output logic        [ActBits-1:0]    result_o
);
  localparam int unsigned ModeBits = Modes > 1 ? $clog2(Modes) : 1;

  logic first_q, ends;
  logic [IndexBits-1:0] index_q;
  logic [ActionBits-1:0] action_q, action_qq, action_qqq;
  logic [ModeBits-1:0] mode;
  logic [ActBits-1:0] act;

  assign ends = action_i != '0;
  assign bias_index_o = index_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      {action_q, action_qq, action_qqq} <= '0;
    end else begin
      if (run_i) first_q <= ends || last_i;
      action_q   <= run_i ? action_i : '0;
      action_qq  <= action_q;
      action_qqq <= action_qq;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || (run_i && last_i)) index_q <= '0;
    else if (run_i && ends) index_q <= index_q + 1'b1;
  end

  if (Banks > 1) begin : g_select
    assign act = act_i[select_i];
  end else begin : g_single
    assign act = act_i[0];
    logic unused_select;
    assign unused_select = ^select_i;
  end

  ganglion_mac #(
    .ActBits(ActBits), .WeightBits(WeightBits), .AccBits(AccBits), .BiasBits(BiasBits),
    .UseDsp(UseDsp)
  ) u_mac (
    .clk_i, .rst_ni,
    .valid_i  (run_i),
    .first_i  (first_q),
    .act_i    (act),
    .weight_i,
    .bias_i,
    .acc_o
  );

  assign mode = ModeBits'(action_qqq) - ModeBits'(2);
  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(ActBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
  ) u_requantize (
    .acc_i  (acc_o),
    .mode_i (mode),
    .out_o  (result_o)
  );

  assign capture_o = action_qqq == ActionBits'(1);
  assign write_o   = action_qqq >= ActionBits'(2);
endmodule

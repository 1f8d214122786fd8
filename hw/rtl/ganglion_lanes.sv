// One or two lanes with the block memory of their biases: a memory port a lane.
// Latency 3 cycles from a word to its sum (see ganglion_lane); interval 1.
// No handshake: counts words where run_i is set.
// Golden: hw.engines.folded.interpret.
module ganglion_lanes #(
  parameter  int unsigned        Lanes      = 2,
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
  parameter                      BiasFile   = "",
  localparam int unsigned        FieldBits  = $clog2(Banks),
  localparam int unsigned        ActionBits = $clog2(Modes + 2),
  localparam int unsigned        WordBits   = ActionBits + WeightBits + FieldBits
) (
  input  logic                                     clk_i,
  input  logic                                     rst_ni,
  input  logic                                     run_i,
  input  logic                                     last_i,
  input  logic [Lanes-1:0][WordBits-1:0]           word_i,  // from low bits: action, weight, bank
  input  logic [Lanes-1:0][Banks-1:0][ActBits-1:0] act_i,
  output logic [Lanes-1:0]                         capture_o,
  output logic [Lanes-1:0][AccBits-1:0]            acc_o,
  output logic [Lanes-1:0]                         write_o,
  output logic [Lanes-1:0][ActBits-1:0]            result_o
);
  localparam int unsigned SelectBits = Banks > 1 ? FieldBits : 1;

  logic [Lanes-1:0][IndexBits-1:0] index;
  logic [Lanes-1:0][BiasBits-1:0] bias;

  ganglion_bias_rom #(
    .Lanes(Lanes), .BiasBits(BiasBits), .IndexBits(IndexBits), .BiasFile(BiasFile)
  ) u_biases (
    .clk_i,
    .index_i (index),
    .bias_o  (bias)
  );

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    logic [SelectBits-1:0] select;
    if (Banks > 1) begin : g_select
      assign select = word_i[i][ActionBits+WeightBits+:SelectBits];
    end else begin : g_single
      assign select = '0;
    end
    ganglion_lane #(
      .Banks(Banks), .ActBits(ActBits), .WeightBits(WeightBits), .AccBits(AccBits),
      .BiasBits(BiasBits), .IndexBits(IndexBits), .Modes(Modes), .Shifts(Shifts),
      .Widths(Widths), .UseDsp(UseDsp)
    ) u_lane (
      .clk_i, .rst_ni, .run_i, .last_i,
      .action_i     (word_i[i][ActionBits-1:0]),
      .weight_i     (word_i[i][ActionBits+:WeightBits]),
      .select_i     (select),
      .act_i        (act_i[i]),
      .bias_index_o (index[i]),
      .bias_i       (bias[i]),
      .capture_o    (capture_o[i]),
      .acc_o        (acc_o[i]),
      .write_o      (write_o[i]),
      .result_o     (result_o[i])
    );
  end
endmodule

// All lanes of a stream, one or two on each multiplier.
// Latency 3 cycles from operands to results_o, interval 1.
// No handshake: first_i and bias_i belong to the product register, mode_i and low_i to the sum.
// Golden: the sums in hw.engines.planar.interpret, requantized.
module ganglion_planar_grid #(
  parameter  int unsigned        Lanes      = 25,
  parameter  int unsigned        Packing    = 1,    // lanes on a multiplier
  parameter  int unsigned        ValueBits  = 8,
  parameter  int unsigned        WeightBits = 8,
  parameter  int unsigned        AccBits    = 24,
  parameter  int unsigned        BiasBits   = 22,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  localparam int unsigned        ModeBits   = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                                   clk_i,
  input  logic        [Lanes-1:0][ValueBits-1:0] values_i,
  input  logic                                   signed_i,
  input  logic                                   relu_i,
  input  logic                                   max_i,
  input  logic signed [WeightBits-1:0]           weight_i,
  input  logic                                   first_i,
  input  logic signed [BiasBits-1:0]             bias_i,
  input  logic        [ModeBits-1:0]             mode_i,
  input  logic        [ValueBits-1:0]            low_i,
  output logic        [Lanes-1:0][ValueBits-1:0] results_o
);
  if (Lanes < 1 || Packing < 1 || Packing > 2) begin : g_bad
    $error("ganglion_planar_grid: Lanes %0d (from 1), Packing %0d (1 to 2)", Lanes, Packing);
  end

  localparam int unsigned Pairs = Packing == 2 ? Lanes / 2 : 0;
  for (genvar p = 0; p < Pairs; p++) begin : g_pair
    ganglion_planar_pair #(
      .ValueBits(ValueBits), .WeightBits(WeightBits), .AccBits(AccBits), .BiasBits(BiasBits),
      .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
    ) u_pair (
      .clk_i, .values_i(values_i[2*p+:2]), .signed_i, .relu_i, .max_i, .weight_i, .first_i,
      .bias_i, .mode_i, .low_i, .results_o(results_o[2*p+:2])
    );
  end
  for (genvar l = 2 * Pairs; l < Lanes; l++) begin : g_lane
    ganglion_planar_lane #(
      .ValueBits(ValueBits), .WeightBits(WeightBits), .AccBits(AccBits), .BiasBits(BiasBits),
      .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
    ) u_lane (
      .clk_i, .value_i(values_i[l]), .signed_i, .relu_i, .max_i, .weight_i, .first_i, .bias_i,
      .mode_i, .low_i, .result_o(results_o[l])
    );
  end
endmodule

// A multiply-accumulate of values, or the largest of some: from a bias to a clipped sum.
// Latency 3 cycles from operands to result_o (operand, product and sum register), interval 1.
// No handshake: first_i and bias_i belong to the product register, mode_i and low_i to the sum.
// Golden: the sums in hw.engines.planar.interpret, requantized.
module ganglion_planar_lane #(
  parameter  int unsigned        ValueBits  = 8,
  parameter  int unsigned        WeightBits = 10,
  parameter  int unsigned        AccBits    = 24,
  parameter  int unsigned        BiasBits   = 22,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  localparam int unsigned        ModeBits   = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                         clk_i,
  input  logic        [ValueBits-1:0]  value_i,
  input  logic                         signed_i,
  input  logic                         relu_i,
  input  logic                         max_i,     // the value before stays where it is larger
  input  logic signed [WeightBits-1:0] weight_i,
  input  logic                         first_i,
  input  logic signed [BiasBits-1:0]   bias_i,
  input  logic        [ModeBits-1:0]   mode_i,
  input  logic        [ValueBits-1:0]  low_i,     // the type's lowest value, negated
  output logic        [ValueBits-1:0]  result_o
);
  localparam int unsigned ProductBits = ValueBits + 1 + WeightBits;
  if (BiasBits > AccBits || ValueBits < 2 || WeightBits < 2) begin : g_bad
    $error("ganglion_planar_lane: BiasBits %0d <= AccBits %0d, ValueBits %0d, WeightBits %0d",
           BiasBits, AccBits, ValueBits, WeightBits);
  end

  logic                          is_negative;
  logic signed [ValueBits:0]     read, value_q;
  logic signed [WeightBits-1:0]  weight_q;
  logic signed [ProductBits-1:0] product_q;
  logic signed [AccBits-1:0]     base, acc_q;
  logic        [ValueBits-1:0]   clipped;

  assign is_negative = signed_i && value_i[ValueBits-1];
  assign read = relu_i && is_negative ? '0 : {is_negative, value_i};
  assign base = first_i ? AccBits'(bias_i) : acc_q;

  always_ff @(posedge clk_i) begin
    value_q   <= max_i && value_q > read ? value_q : read;
    weight_q  <= weight_i;
    product_q <= ProductBits'(value_q) * ProductBits'(weight_q);
    acc_q     <= base + AccBits'(product_q);
  end

  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(ValueBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
  ) u_requantize (
    .acc_i(acc_q), .mode_i, .out_o(clipped)
  );
  assign result_o = clipped - low_i;
endmodule

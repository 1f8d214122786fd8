// Two lanes on one multiplier: values so far apart in its operand that their products do not meet.
// Latency 3 cycles from operands to results_o (operand, product and sum registers), interval 1.
// No handshake: first_i and bias_i belong to the product register, mode_i and low_i to the sums.
// Golden: the sums in hw.engines.planar.interpret, requantized.
module ganglion_planar_pair #(
  parameter  int unsigned        ValueBits  = 8,
  parameter  int unsigned        WeightBits = 8,
  parameter  int unsigned        AccBits    = 24,
  parameter  int unsigned        BiasBits   = 22,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  localparam int unsigned        ModeBits   = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                              clk_i,
  input  logic        [1:0][ValueBits-1:0]  values_i,
  input  logic                              signed_i,
  input  logic                              relu_i,
  input  logic                              max_i,     // values before stay where they are larger
  input  logic signed [WeightBits-1:0]      weight_i,
  input  logic                              first_i,
  input  logic signed [BiasBits-1:0]        bias_i,
  input  logic        [ModeBits-1:0]        mode_i,
  input  logic        [ValueBits-1:0]       low_i,     // the type's lowest value, negated
  output logic        [1:0][ValueBits-1:0]  results_o
);
  // A product of -128 .. 255 and -128 .. 127 has so many bits.
  localparam int unsigned Apart = 16;
  localparam int unsigned OperandBits = Apart + ValueBits + 1;
  localparam int unsigned ProductBits = OperandBits + WeightBits;
  if (BiasBits > AccBits || AccBits < Apart + 1 || ValueBits < 2 || ValueBits > 8 ||
      WeightBits < 2 || WeightBits > 8) begin : g_bad
    $error("ganglion_planar_pair: BiasBits %0d, AccBits %0d, ValueBits %0d, WeightBits %0d",
           BiasBits, AccBits, ValueBits, WeightBits);
  end

  logic        [1:0][ValueBits:0]   value;
  logic signed [OperandBits-1:0]    operand_q;
  logic signed [WeightBits-1:0]     weight_q;
  logic signed [ProductBits-1:0]    product_q;
  logic        [1:0][AccBits-1:0]   term;
  logic        [1:0]                carry;

  // Whatever is below it, a negative product has borrowed one from the product above.
  assign term[0]  = AccBits'(signed'(product_q[Apart-1:0]));
  assign term[1]  = AccBits'(signed'(product_q[ProductBits-1:Apart]));
  assign carry    = {product_q[Apart-1], 1'b0};

  always_ff @(posedge clk_i) begin
    operand_q <= {value[1] - (ValueBits + 1)'(value[0][ValueBits]), Apart'(signed'(value[0]))};
    weight_q  <= weight_i;
    product_q <= ProductBits'(operand_q) * ProductBits'(weight_q);
  end

  for (genvar l = 0; l < 2; l++) begin : g_lane
    logic is_negative;
    logic signed [ValueBits:0] read, chosen, value_q;
    logic signed [AccBits-1:0] base, acc_q;
    logic [ValueBits-1:0] clipped;
    logic unused_below;

    assign is_negative = signed_i && values_i[l][ValueBits-1];
    assign read        = relu_i && is_negative ? '0 : {is_negative, values_i[l]};
    assign chosen      = max_i && value_q > read ? value_q : read;
    assign value[l]    = chosen;
    assign base        = first_i ? AccBits'(bias_i) : acc_q;

    always_ff @(posedge clk_i) begin
      value_q <= chosen;
      {acc_q, unused_below} <= {term[l], carry[l]} + {base, 1'b1};
    end

    ganglion_requantize #(
      .AccBits(AccBits), .OutBits(ValueBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
    ) u_requantize (
      .acc_i(acc_q), .mode_i, .out_o(clipped)
    );
    assign results_o[l] = clipped - low_i;
  end
endmodule

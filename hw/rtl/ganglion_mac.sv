// Multiply-accumulate: a segment starts at its bias, the other products add to the running sum.
// Latency 3 cycles from operands to sum (operand, product and sum register), interval 1.
// No handshake: without valid_i a product is 0; first_i starts a sum, its bias comes a cycle later.
// Golden: the sums in hw.engines.folded.interpret.
module ganglion_mac #(
  parameter int unsigned ActBits    = 8,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned AccBits    = 22,
  parameter int unsigned BiasBits   = 20,
  parameter bit          UseDsp     = 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         valid_i,
  input  logic                         first_i,
  input  logic        [ActBits-1:0]    act_i,
  input  logic signed [WeightBits-1:0] weight_i,
  input  logic signed [BiasBits-1:0]   bias_i,  // of the segment whose operands came a cycle before
  output logic signed [AccBits-1:0]    acc_o
);
  localparam int unsigned ProductBits = ActBits + 1 + WeightBits;
  if (ActBits < 2 || ActBits > 8 || WeightBits < 2 || WeightBits > 8 || BiasBits > AccBits ||
      AccBits > 26) begin : g_bad
    $error("ganglion_mac: ActBits %0d, WeightBits %0d (2 to 8), BiasBits %0d <= AccBits %0d <= 26",
           ActBits, WeightBits, BiasBits, AccBits);
  end

  logic first_q, first_qq;
  logic signed [ActBits:0]       act_q;
  logic signed [WeightBits-1:0]  weight_q;
  logic signed [BiasBits-1:0]    bias_q;
  logic signed [ProductBits-1:0] product_d, product_q;
  logic signed [AccBits-1:0]     base, acc_d, acc_q;

  if (UseDsp) begin : g_dsp
    assign product_d = ProductBits'(act_q) * ProductBits'(weight_q);
  end else begin : g_lut
    // Shifted copies added in pairs, the sign's subtracted: no tool takes a DSP for these adders.
    localparam int unsigned Pairs = (WeightBits + 1) / 2;
    logic [Pairs-1:0][ProductBits-1:0] pair;
    logic [WeightBits-1:0][ProductBits-1:0] copy;
    for (genvar i = 0; i < WeightBits; i++) begin : g_copy
      assign copy[i] = weight_q[i] ? ProductBits'(act_q) <<< i : '0;
    end
    for (genvar i = 0; i < Pairs; i++) begin : g_pair
      if (2 * i + 1 == WeightBits) begin : g_sign_alone
        assign pair[i] = -copy[2*i];
      end else if (2 * i + 2 == WeightBits) begin : g_sign
        assign pair[i] = copy[2*i] - copy[2*i+1];
      end else begin : g_sum
        assign pair[i] = copy[2*i] + copy[2*i+1];
      end
    end
    ganglion_adder_tree #(.Terms(Pairs), .Bits(ProductBits)) u_sum (
      .term_i(pair), .sum_o(product_d)
    );
  end

  assign base  = first_qq ? AccBits'(bias_q) : acc_q;
  assign acc_d = base + AccBits'(product_q);
  assign acc_o = acc_q;

  always_ff @(posedge clk_i) begin
    act_q     <= {1'b0, act_i};
    weight_q  <= valid_i ? weight_i : '0;
    product_q <= product_d;
    bias_q    <= bias_i;
    acc_q     <= acc_d;
    first_q   <= first_i;
    first_qq  <= first_q;
  end

`ifndef SYNTHESIS
  logic [2:0] settled_q;
  always_ff @(posedge clk_i) settled_q <= rst_ni ? {settled_q[1:0], 1'b1} : '0;
  wire signed [31:0] exact = 32'(base) + 32'(product_q);
  assert property (@(posedge clk_i) disable iff (!rst_ni) !settled_q[2] || exact == 32'(acc_d))
    else $error("ganglion_mac: accumulator of %0d bits overflows: %0d", AccBits, exact);
`else
  logic unused_rst_ni;
  assign unused_rst_ni = rst_ni;
`endif
endmodule

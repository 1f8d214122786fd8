// How lanes read a word's values: sign, ReLU, largest so far, and what is beyond the edges.
// Latency 3 cycles, as operands follow their word; 1 to edge_o, the same for a whole layer.
// No handshake: a word a cycle; the last one of a layer that adds a map reads that as it is.
// Golden: hw.engines.planar.interpret.
module ganglion_planar_reading #(
  parameter  int unsigned          Layers     = 2,
  parameter  int unsigned          ValueBits  = 8,
  parameter  logic [16*Layers-1:0] Signed     = '0,  // whether a layer's source is
  parameter  logic [16*Layers-1:0] Relus      = '0,  // whether it is read through a ReLU
  parameter  logic [16*Layers-1:0] Pools      = '0,  // whether the largest value counts
  parameter  logic [16*Layers-1:0] Edges      = '0,  // what is beyond the source's edges
  parameter  logic [16*Layers-1:0] Adds       = '0,  // whether a map is added
  parameter  logic [16*Layers-1:0] AddsSigned = '0,
  localparam int unsigned          LayerBits  = Layers > 1 ? $clog2(Layers) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [LayerBits-1:0] layer_i,
  input  logic                 first_i,
  input  logic                 last_i,
  output logic                 signed_o,
  output logic                 relu_o,
  output logic                 max_o,           // the value read before stays where it is larger
  output logic [ValueBits-1:0] edge_o
);
  if (Layers < 1 || ValueBits < 2) begin : g_bad
    $error("ganglion_planar_reading: Layers %0d (from 1), ValueBits %0d (from 2)",
           Layers, ValueBits);
  end

  // An index may have values beyond the layers: yosys would not see by itself that none is such.
  logic adds, is_signed, relu, max;
  assign adds      = Adds != '0 && last_i && Adds[16*layer_i];
  assign is_signed = adds ? AddsSigned[16*layer_i] : Signed != '0 && Signed[16*layer_i];
  assign relu      = Relus != '0 && Relus[16*layer_i] && !adds;
  assign max       = Pools != '0 && Pools[16*layer_i] && !first_i;

  ganglion_delay #(.Bits(3), .Cycles(3)) u_operands (
    .clk_i, .rst_ni, .data_i({is_signed, relu, max}), .data_o({signed_o, relu_o, max_o})
  );
  always_ff @(posedge clk_i) edge_o <= Edges == '0 ? '0 : ValueBits'(Edges[16*layer_i+:16]);
endmodule

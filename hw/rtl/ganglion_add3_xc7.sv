// ganglion_add3 for 7-series: LUT6_2 compress three bits and the majority below, CARRY4 the rest.
// Latency 0, combinational; initiation interval 1. hw.engines.unrolled.adder counts its cells.
// Handshake: none.
// Golden: hw.engines.unrolled.graph.Sum, by way of ganglion_add3; a test proves both equal.
`ifdef SYNTHESIS
module ganglion_add3_xc7 #(
  parameter int unsigned Width = 8,
  parameter int unsigned Addends = 2,
  parameter int unsigned BitsA = 1,
  parameter int unsigned BitsB = 1,
  parameter int unsigned BitsC = 1,
  parameter int unsigned ShiftA = 0,
  parameter int unsigned ShiftB = 0,
  parameter int unsigned ShiftC = 0,
  parameter bit InvertA = 0,
  parameter bit InvertB = 0,
  parameter bit InvertC = 0,
  parameter bit [Width-1:0] Constant = '0
) (
  input  logic [BitsA-1:0] a_i,
  input  logic [BitsB-1:0] b_i,
  input  logic [BitsC-1:0] c_i,
  output logic [Width-1:0] sum_o
);
  // Where a, b, c have a bit, and how many bits meet there. Vectors: yosys is slow at functions.
  localparam bit [Width-1:0] HasA = Width'({BitsA{1'b1}}) << ShiftA;
  localparam bit [Width-1:0] HasB = Addends > 1 ? Width'({BitsB{1'b1}}) << ShiftB : '0;
  localparam bit [Width-1:0] HasC = Addends > 2 ? Width'({BitsC{1'b1}}) << ShiftC : '0;
  localparam bit [Width-1:0] Three = (HasA & HasB & HasC) | (HasA & HasB & Constant);
  localparam bit [Width-1:0] TwoOrThree =
      (HasA & HasB) | (HasA & HasC) | (HasB & HasC) | (Constant & (HasA | HasB | HasC));
  // A majority starts where three meet and goes on while two do: the carries of an addition.
  localparam bit [Width-1:0] FromBelow = (TwoOrThree + Three) ^ TwoOrThree ^ Three;
  localparam bit [Width-1:0] Compress = FromBelow | Three;
  localparam bit [Width-1:0] TakeA = HasA & ~{Width{InvertA}};
  localparam bit [Width-1:0] TakeB = HasB & ~{Width{InvertB}};
  localparam bit [Width-1:0] TakeC = HasC & ~{Width{InvertC}};
  localparam bit [Width-1:0] UseLut = TwoOrThree & (Compress | ~(TakeA | TakeB | TakeC | Constant));
  localparam int unsigned First = TwoOrThree == 0 ? Width : $clog2(TwoOrThree & -TwoOrThree);
  localparam int unsigned Blocks = (Width - First + 3) / 4;

  // Truth tables of LUT6_2's inputs.
  localparam bit [31:0] TableA = 32'hAAAA_AAAA ^ {32{InvertA}};
  localparam bit [31:0] TableB = 32'hCCCC_CCCC ^ {32{InvertB}};
  localparam bit [31:0] TableC = 32'hF0F0_F0F0 ^ {32{InvertC}};
  localparam bit [31:0] TableMajority = 32'hFF00_FF00;

  logic [Width-1:0] a, b, c;
  assign a = Width'(a_i) << ShiftA;
  assign b = Addends > 1 ? Width'(b_i) << ShiftB : '0;
  assign c = Addends > 2 ? Width'(c_i) << ShiftC : '0;

  // The sum bit without carry, the bit that carries when it is zero, the majority from below.
  logic [First+4*Blocks-1:0] propagate, generated, sum;
  logic [Width-1:0] odd, second, majority, wires, low;
  assign majority = Width'({second & Compress, 1'b0});
  assign wires = (a ^ (HasA & {Width{InvertA}})) ^ (b ^ (HasB & {Width{InvertB}}))
      ^ (c ^ (HasC & {Width{InvertC}})) ^ Constant ^ (FromBelow & majority);
  assign propagate = (First+4*Blocks)'((UseLut & odd) | (~UseLut & wires));
  // The carry of two equal bits is either of them; an inverted one would need a LUT of its own.
  assign low = Constant | (TakeA & a) | (TakeB & ~TakeA & b) | (TakeC & ~TakeA & ~TakeB & c);
  assign generated = (First+4*Blocks)'((Compress & majority) | (~Compress & UseLut & second)
      | (~Compress & ~UseLut & TwoOrThree & low));

  for (genvar i = 0; i < Width; i++) begin : gen_bit
    if (UseLut[i]) begin : gen_lut
      localparam bit [31:0] XA = HasA[i] ? TableA : '0;
      localparam bit [31:0] XB = HasB[i] ? TableB : '0;
      localparam bit [31:0] XC = HasC[i] ? TableC : '0;
      localparam bit [31:0] One = {32{Constant[i]}};
      localparam bit [31:0] Odd = XA ^ XB ^ XC ^ One ^ (Compress[i] ? TableMajority : '0);
      localparam bit [31:0] Most = (XA & XB) | (XA & XC) | (XB & XC) | (One & (XA | XB | XC));
      LUT6_2 #(
        .INIT({Odd, Compress[i] ? Most : HasA[i] ? XA : XB})
      ) u_lut (
        .I0(a[i]), .I1(b[i]), .I2(c[i]), .I3(majority[i]), .I4(1'b0), .I5(1'b1),
        .O6(odd[i]), .O5(second[i])
      );
    end else begin : gen_wire
      assign {odd[i], second[i]} = '0;
    end
  end
  if (First > 0) begin : gen_wires
    assign sum[First-1:0] = propagate[First-1:0];
  end
  for (genvar k = 0; k < Blocks; k++) begin : gen_carry
    logic [3:0] carry;
    logic carry_in, unused;
    assign unused = ^carry;
    if (k == 0) begin : gen_first
      assign carry_in = 1'b0;
    end else begin : gen_next
      assign carry_in = gen_carry[k-1].carry[3];
    end
    CARRY4 u_carry (
      .CI(carry_in), .CYINIT(1'b0), .S(propagate[First+4*k+:4]), .DI(generated[First+4*k+:4]),
      .O(sum[First+4*k+:4]), .CO(carry)
    );
  end
  assign sum_o = sum[Width-1:0];
endmodule
`endif

// Sum of one to three addends: Constant + sum of ((x_i ^ Invert) << Shift), modulo 2^Width.
// Latency 0, combinational; initiation interval 1. One LUT6 a bit where synthesis is told Xc7.
// Handshake: none. Addends from the Addends-th on are ignored; drive their inputs with zero.
// Golden: hw.engines.unrolled.graph.Sum.
module ganglion_add3 #(
  parameter bit Xc7 = 0,
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
  if (Addends < 1 || Addends > 3) begin : gen_check_addends
    $error("ganglion_add3: Addends = %0d, allowed 1 to 3", Addends);
  end
  if (Addends == 3 && Constant != 0) begin : gen_check_constant
    $error("ganglion_add3: a constant beside %0d addends is a fourth operand", Addends);
  end
  if (Width < 1 || BitsA < 1 || BitsB < 1 || BitsC < 1) begin : gen_check_width
    $error("ganglion_add3: widths %0d, %0d, %0d, %0d, allowed from 1", Width, BitsA, BitsB, BitsC);
  end

  // Simulation always runs the sum itself, and so does synthesis for a router without LUT6_2.
`ifndef SYNTHESIS
  localparam bit Cells = 0;
`elsif GANGLION_NO_LUT6_2
  localparam bit Cells = 0;
`else
  localparam bit Cells = 1;
`endif

  if (Xc7 && Cells) begin : gen_xc7
    ganglion_add3_xc7 #(
      .Width(Width), .Addends(Addends), .Constant(Constant),
      .BitsA(BitsA), .BitsB(BitsB), .BitsC(BitsC),
      .ShiftA(ShiftA), .ShiftB(ShiftB), .ShiftC(ShiftC),
      .InvertA(InvertA), .InvertB(InvertB), .InvertC(InvertC)
    ) u_add3 (
      .a_i, .b_i, .c_i, .sum_o
    );
  end else begin : gen_sum
    logic [Width-1:0] a, b, c;
    assign a = Width'(a_i ^ {BitsA{InvertA}}) << ShiftA;
    assign b = Addends < 2 ? '0 : Width'(b_i ^ {BitsB{InvertB}}) << ShiftB;
    assign c = Addends < 3 ? '0 : Width'(c_i ^ {BitsC{InvertC}}) << ShiftC;
    assign sum_o = a + b + c + Constant;
  end
endmodule

// Multipliers of Gowin's families, with the ports and parameters of their cells. Latency 0, no handshake.
// Registers, which yosys does not use, are errors. Golden: Gowin UG287.
module MULT9X9 #(
  parameter AREG = 0, BREG = 0, OUT_REG = 0, PIPE_REG = 0, ASIGN_REG = 0, BSIGN_REG = 0
) (
  input logic CLK, CE, RESET, ASIGN, BSIGN, ASEL, BSEL,
  input logic [8:0] A, B, SIA, SIB,
  output logic [17:0] DOUT
);
  if (AREG != 0 || BREG != 0 || OUT_REG != 0 || PIPE_REG != 0) $error("registers are not modelled");
  wire signed [9:0] a = {ASIGN & A[8], A};
  wire signed [9:0] b = {BSIGN & B[8], B};
  assign DOUT = 18'(a * b);
endmodule

module MULT18X18 #(
  parameter AREG = 0, BREG = 0, OUT_REG = 0, PIPE_REG = 0, ASIGN_REG = 0, BSIGN_REG = 0
) (
  input logic CLK, CE, RESET, ASIGN, BSIGN, ASEL, BSEL,
  input logic [17:0] A, B, SIA, SIB,
  output logic [35:0] DOUT
);
  if (AREG != 0 || BREG != 0 || OUT_REG != 0 || PIPE_REG != 0) $error("registers are not modelled");
  wire signed [18:0] a = {ASIGN & A[17], A};
  wire signed [18:0] b = {BSIGN & B[17], B};
  assign DOUT = 36'(a * b);
endmodule

// Block RAMs of AMD's 7 series, with the ports and parameters of their cells; INIT and INITP hold what INIT_00.. and
// INITP_00.. do. Latency 1 cycle. No handshake. Output registers and cascades, which yosys does not use, are errors.
// Golden: AMD UG473 (block RAM).
module RAMB18E1 #(
  parameter [16383:0] INIT = '0,
  parameter [2047:0] INITP = '0,
  parameter RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST",
  parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 0, DOB_REG = 0,
  parameter [17:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
  parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
  parameter [0:0] IS_ENBWREN_INVERTED = 0, IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0
) (
  input logic CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
  input logic RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input logic [13:0] ADDRARDADDR, ADDRBWRADDR,
  input logic [15:0] DIADI, DIBDI,
  input logic [1:0] DIPADIP, DIPBDIP, WEA,
  input logic [3:0] WEBWE,
  output logic [15:0] DOADO, DOBDO,
  output logic [1:0] DOPADOP, DOPBDOP
);
  if (DOA_REG != 0 || DOB_REG != 0) $error("output registers are not modelled");
  ganglion_cell_ram #(
    .Bits(16384), .ReadWidthA(READ_WIDTH_A), .ReadWidthB(READ_WIDTH_B), .WriteWidthA(WRITE_WIDTH_A),
    .WriteWidthB(WRITE_WIDTH_B), .WriteModeA(WRITE_MODE_A), .WriteModeB(WRITE_MODE_B), .Init(INIT), .InitParity(INITP)
  ) u_ram (
    .clk_a_i(CLKARDCLK ^ IS_CLKARDCLK_INVERTED), .clk_b_i(CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED),
    .en_a_i(ENARDEN ^ IS_ENARDEN_INVERTED), .en_b_i(ENBWREN ^ IS_ENBWREN_INVERTED),
    .rst_a_i(RSTRAMARSTRAM ^ IS_RSTRAMARSTRAM_INVERTED), .rst_b_i(RSTRAMB ^ IS_RSTRAMB_INVERTED),
    .addr_a_i(ADDRARDADDR), .addr_b_i(ADDRBWRADDR), .we_a_i(8'(WEA)), .we_b_i(8'(WEBWE)),
    .data_a_i(32'(DIADI)), .data_b_i(32'(DIBDI)), .parity_a_i(4'(DIPADIP)), .parity_b_i(4'(DIPBDIP)),
    .reset_a_i({2'd0, SRVAL_A[17:16], 16'd0, SRVAL_A[15:0]}), .reset_b_i({2'd0, SRVAL_B[17:16], 16'd0, SRVAL_B[15:0]}),
    .data_a_o(DOADO), .data_b_o(DOBDO), .parity_a_o(DOPADOP), .parity_b_o(DOPBDOP)
  );
endmodule

module RAMB36E1 #(
  parameter [32767:0] INIT = '0,
  parameter [4095:0] INITP = '0,
  parameter RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST",
  parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 0, DOB_REG = 0,
  parameter RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE",
  parameter [35:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
  parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
  parameter [0:0] IS_ENBWREN_INVERTED = 0, IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0
) (
  input logic CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
  input logic RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input logic [15:0] ADDRARDADDR, ADDRBWRADDR,
  input logic [31:0] DIADI, DIBDI,
  input logic [3:0] DIPADIP, DIPBDIP, WEA,
  input logic [7:0] WEBWE,
  output logic [31:0] DOADO, DOBDO,
  output logic [3:0] DOPADOP, DOPBDOP
);
  if (DOA_REG != 0 || DOB_REG != 0) $error("output registers are not modelled");
  if (RAM_EXTENSION_A != "NONE" || RAM_EXTENSION_B != "NONE") $error("cascades are not modelled");
  ganglion_cell_ram #(
    .Bits(32768), .ReadWidthA(READ_WIDTH_A), .ReadWidthB(READ_WIDTH_B), .WriteWidthA(WRITE_WIDTH_A),
    .WriteWidthB(WRITE_WIDTH_B), .WriteModeA(WRITE_MODE_A), .WriteModeB(WRITE_MODE_B), .Init(INIT), .InitParity(INITP)
  ) u_ram (
    .clk_a_i(CLKARDCLK ^ IS_CLKARDCLK_INVERTED), .clk_b_i(CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED),
    .en_a_i(ENARDEN ^ IS_ENARDEN_INVERTED), .en_b_i(ENBWREN ^ IS_ENBWREN_INVERTED),
    .rst_a_i(RSTRAMARSTRAM ^ IS_RSTRAMARSTRAM_INVERTED), .rst_b_i(RSTRAMB ^ IS_RSTRAMB_INVERTED),
    .addr_a_i(ADDRARDADDR[14:0]), .addr_b_i(ADDRBWRADDR[14:0]), .we_a_i(8'(WEA)), .we_b_i(WEBWE),
    .data_a_i(DIADI), .data_b_i(DIBDI), .parity_a_i(DIPADIP), .parity_b_i(DIPBDIP),
    .reset_a_i(SRVAL_A), .reset_b_i(SRVAL_B),
    .data_a_o(DOADO), .data_b_o(DOBDO), .parity_a_o(DOPADOP), .parity_b_o(DOPBDOP)
  );
endmodule

// Block RAMs of Gowin's families, with the ports and parameters of their cells, over ganglion_cell_ram_gowin; INIT_RAM
// holds what INIT_RAM_00.. do. Latency 1 cycle. No handshake. Output registers, which yosys does not use, are errors.
// Golden: Gowin UG285.
module SP #(
  parameter [16383:0] INIT_RAM = '0,
  parameter READ_MODE = 0, WRITE_MODE = 0, BIT_WIDTH = 32, RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL = 0
) (
  input logic CLK, CE, OCE, RESET, WRE,
  input logic [13:0] AD,
  input logic [2:0] BLKSEL,
  input logic [31:0] DI,
  output logic [31:0] DO
);
  if (READ_MODE != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(0), .WidthA(BIT_WIDTH), .WriteModeA(WRITE_MODE), .WritesB(0), .RESET_MODE(RESET_MODE), .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLK), .en_a_i(CE), .we_a_i(WRE), .rst_a_i(RESET), .addr_a_i(AD), .data_a_i(36'(DI)), .data_a_o(DO),
    .clk_b_i(CLK), .en_b_i(1'b0), .we_b_i(1'b0), .rst_b_i(1'b0), .addr_b_i('0), .data_b_i('0), .data_b_o()
  );
endmodule

module SPX9 #(
  parameter [18431:0] INIT_RAM = '0,
  parameter READ_MODE = 0, WRITE_MODE = 0, BIT_WIDTH = 36, RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL = 0
) (
  input logic CLK, CE, OCE, RESET, WRE,
  input logic [13:0] AD,
  input logic [2:0] BLKSEL,
  input logic [35:0] DI,
  output logic [35:0] DO
);
  if (READ_MODE != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(1), .WidthA(BIT_WIDTH), .WriteModeA(WRITE_MODE), .WritesB(0), .RESET_MODE(RESET_MODE), .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLK), .en_a_i(CE), .we_a_i(WRE), .rst_a_i(RESET), .addr_a_i(AD), .data_a_i(36'(DI)), .data_a_o(DO),
    .clk_b_i(CLK), .en_b_i(1'b0), .we_b_i(1'b0), .rst_b_i(1'b0), .addr_b_i('0), .data_b_i('0), .data_b_o()
  );
endmodule

module SDPB #(
  parameter [16383:0] INIT_RAM = '0,
  parameter READ_MODE = 0, BIT_WIDTH_0 = 32, BIT_WIDTH_1 = 32, RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL_0 = 0, BLK_SEL_1 = 0
) (
  input logic CLKA, CEA, RESETA, CLKB, CEB, OCE, RESETB,
  input logic [13:0] ADA, ADB,
  input logic [2:0] BLKSELA, BLKSELB,
  input logic [31:0] DI,
  output logic [31:0] DO
);
  if (READ_MODE != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(0), .WidthA(BIT_WIDTH_0), .WidthB(BIT_WIDTH_1), .ReadsA(0), .WritesB(0), .RESET_MODE(RESET_MODE),
    .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLKA), .en_a_i(CEA), .we_a_i(1'b1), .rst_a_i(RESETA), .addr_a_i(ADA), .data_a_i(36'(DI)), .data_a_o(),
    .clk_b_i(CLKB), .en_b_i(CEB), .we_b_i(1'b0), .rst_b_i(RESETB), .addr_b_i(ADB), .data_b_i('0), .data_b_o(DO)
  );
endmodule

module SDPX9B #(
  parameter [18431:0] INIT_RAM = '0,
  parameter READ_MODE = 0, BIT_WIDTH_0 = 36, BIT_WIDTH_1 = 36, RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL_0 = 0, BLK_SEL_1 = 0
) (
  input logic CLKA, CEA, RESETA, CLKB, CEB, OCE, RESETB,
  input logic [13:0] ADA, ADB,
  input logic [2:0] BLKSELA, BLKSELB,
  input logic [35:0] DI,
  output logic [35:0] DO
);
  if (READ_MODE != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(1), .WidthA(BIT_WIDTH_0), .WidthB(BIT_WIDTH_1), .ReadsA(0), .WritesB(0), .RESET_MODE(RESET_MODE),
    .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLKA), .en_a_i(CEA), .we_a_i(1'b1), .rst_a_i(RESETA), .addr_a_i(ADA), .data_a_i(36'(DI)), .data_a_o(),
    .clk_b_i(CLKB), .en_b_i(CEB), .we_b_i(1'b0), .rst_b_i(RESETB), .addr_b_i(ADB), .data_b_i('0), .data_b_o(DO)
  );
endmodule

module DPB #(
  parameter [16383:0] INIT_RAM = '0,
  parameter READ_MODE0 = 0, READ_MODE1 = 0, WRITE_MODE0 = 0, WRITE_MODE1 = 0, BIT_WIDTH_0 = 16, BIT_WIDTH_1 = 16,
  parameter RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL_0 = 0, BLK_SEL_1 = 0
) (
  input logic CLKA, CEA, OCEA, RESETA, WREA, CLKB, CEB, OCEB, RESETB, WREB,
  input logic [13:0] ADA, ADB,
  input logic [2:0] BLKSELA, BLKSELB,
  input logic [15:0] DIA, DIB,
  output logic [15:0] DOA, DOB
);
  if (READ_MODE0 != 0 || READ_MODE1 != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(0), .WidthA(BIT_WIDTH_0), .WidthB(BIT_WIDTH_1), .WriteModeA(WRITE_MODE0), .WriteModeB(WRITE_MODE1),
    .RESET_MODE(RESET_MODE), .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLKA), .en_a_i(CEA), .we_a_i(WREA), .rst_a_i(RESETA), .addr_a_i(ADA), .data_a_i(36'(DIA)), .data_a_o(DOA),
    .clk_b_i(CLKB), .en_b_i(CEB), .we_b_i(WREB), .rst_b_i(RESETB), .addr_b_i(ADB), .data_b_i(36'(DIB)), .data_b_o(DOB)
  );
endmodule

module DPX9B #(
  parameter [18431:0] INIT_RAM = '0,
  parameter READ_MODE0 = 0, READ_MODE1 = 0, WRITE_MODE0 = 0, WRITE_MODE1 = 0, BIT_WIDTH_0 = 18, BIT_WIDTH_1 = 18,
  parameter RESET_MODE = "SYNC",
  parameter [2:0] BLK_SEL_0 = 0, BLK_SEL_1 = 0
) (
  input logic CLKA, CEA, OCEA, RESETA, WREA, CLKB, CEB, OCEB, RESETB, WREB,
  input logic [13:0] ADA, ADB,
  input logic [2:0] BLKSELA, BLKSELB,
  input logic [17:0] DIA, DIB,
  output logic [17:0] DOA, DOB
);
  if (READ_MODE0 != 0 || READ_MODE1 != 0) $error("output registers are not modelled");
  ganglion_cell_ram_gowin #(
    .Nine(1), .WidthA(BIT_WIDTH_0), .WidthB(BIT_WIDTH_1), .WriteModeA(WRITE_MODE0), .WriteModeB(WRITE_MODE1),
    .RESET_MODE(RESET_MODE), .Init(18432'(INIT_RAM))
  ) u_ram (
    .clk_a_i(CLKA), .en_a_i(CEA), .we_a_i(WREA), .rst_a_i(RESETA), .addr_a_i(ADA), .data_a_i(36'(DIA)), .data_a_o(DOA),
    .clk_b_i(CLKB), .en_b_i(CEB), .we_b_i(WREB), .rst_b_i(RESETB), .addr_b_i(ADB), .data_b_i(36'(DIB)), .data_b_o(DOB)
  );
endmodule

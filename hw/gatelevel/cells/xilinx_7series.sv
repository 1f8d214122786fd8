// Block RAMs of AMD's 7 series, with the ports and parameters of their cells; INIT and INITP hold what INIT_00.. and
// INITP_00.. do. Latency 1 cycle. No handshake. Output registers and cascades, which yosys does not use, are errors.
// Golden: AMD UG473 (block RAM).

// Parity apart from data, a half of the widest word a port: what a port of that width reads and writes is in both.
module ganglion_cell_ram_xilinx #(
  parameter int Half = 16,
  parameter int ReadWidthA = 0, ReadWidthB = 0, WriteWidthA = 0, WriteWidthB = 0,
  parameter WriteModeA = "WRITE_FIRST", WriteModeB = "WRITE_FIRST",
  parameter logic [1024*Half-1:0] Init = '0,
  parameter logic [128*Half-1:0] InitParity = '0,
  parameter logic [9*Half/8-1:0] ResetA = '0, ResetB = '0,
  localparam int Bytes = 128 * Half, HalfBytes = Half / 8, Wide = 18 * HalfBytes
) (
  input  logic clk_a_i, clk_b_i, en_a_i, en_b_i, rst_a_i, rst_b_i,
  input  logic [$clog2(8*Bytes)-1:0] addr_a_i, addr_b_i,
  input  logic [HalfBytes-1:0] we_a_i,
  input  logic [2*HalfBytes-1:0] we_b_i,
  input  logic [Half-1:0] data_a_i, data_b_i,
  input  logic [HalfBytes-1:0] parity_a_i, parity_b_i,
  output logic [Half-1:0] data_a_o, data_b_o,
  output logic [HalfBytes-1:0] parity_a_o, parity_b_o
);
  if (WriteWidthA == Wide || ReadWidthB == Wide) $error("port A reads, and port B writes, what is %0d wide", Wide);

  function automatic logic [9*Bytes-1:0] all_bytes();
    for (int i = 0; i < Bytes; i++) all_bytes[9*i +: 9] = {InitParity[i], Init[8*i +: 8]};
  endfunction

  logic [71:0] in_a, in_b, reset_a, reset_b, out_a, out_b;
  wire [71:0] shown_b = ReadWidthA == Wide ? out_a >> 9 * HalfBytes : out_b;
  always_comb begin
    in_a = '0;
    in_b = '0;
    reset_a = '0;
    reset_b = '0;
    for (int i = 0; i < HalfBytes; i++) begin
      in_a[9*i +: 9] = {parity_a_i[i], data_a_i[8*i +: 8]};
      in_b[9*i +: 9] = {parity_b_i[i], data_b_i[8*i +: 8]};
      reset_a[9*i +: 9] = {ResetA[Half+i], ResetA[8*i +: 8]};
      reset_b[9*i +: 9] = {ResetB[Half+i], ResetB[8*i +: 8]};
      {parity_a_o[i], data_a_o[8*i +: 8]} = out_a[9*i +: 9];
      {parity_b_o[i], data_b_o[8*i +: 8]} = shown_b[9*i +: 9];
    end
    if (WriteWidthB == Wide) in_b = in_b << 9 * HalfBytes | in_a;
    if (ReadWidthA == Wide) reset_a = reset_b << 9 * HalfBytes | reset_a;
  end

  ganglion_cell_ram #(
    .Bytes(Bytes), .ReadWidthA(ReadWidthA), .ReadWidthB(ReadWidthB), .WriteWidthA(WriteWidthA),
    .WriteWidthB(WriteWidthB), .WriteModeA(WriteModeA), .WriteModeB(WriteModeB), .Init(all_bytes())
  ) u_ram (
    .clk_a_i, .clk_b_i, .en_a_i, .en_b_i, .rst_a_i(rst_a_i && en_a_i), .rst_b_i(rst_b_i && en_b_i),
    .addr_a_i, .addr_b_i, .we_a_i(8'(we_a_i)), .we_b_i(8'(we_b_i)), .data_a_i(in_a), .data_b_i(in_b),
    .reset_a_i(reset_a), .reset_b_i(reset_b), .data_a_o(out_a), .data_b_o(out_b)
  );
endmodule

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
  ganglion_cell_ram_xilinx #(
    .Half(16), .ReadWidthA(READ_WIDTH_A), .ReadWidthB(READ_WIDTH_B), .WriteWidthA(WRITE_WIDTH_A),
    .WriteWidthB(WRITE_WIDTH_B), .WriteModeA(WRITE_MODE_A), .WriteModeB(WRITE_MODE_B), .Init(INIT), .InitParity(INITP),
    .ResetA(SRVAL_A), .ResetB(SRVAL_B)
  ) u_ram (
    .clk_a_i(CLKARDCLK ^ IS_CLKARDCLK_INVERTED), .clk_b_i(CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED),
    .en_a_i(ENARDEN ^ IS_ENARDEN_INVERTED), .en_b_i(ENBWREN ^ IS_ENBWREN_INVERTED),
    .rst_a_i(RSTRAMARSTRAM ^ IS_RSTRAMARSTRAM_INVERTED), .rst_b_i(RSTRAMB ^ IS_RSTRAMB_INVERTED),
    .addr_a_i(ADDRARDADDR), .addr_b_i(ADDRBWRADDR), .we_a_i(WEA), .we_b_i(WEBWE),
    .data_a_i(DIADI), .data_b_i(DIBDI), .parity_a_i(DIPADIP), .parity_b_i(DIPBDIP),
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
  ganglion_cell_ram_xilinx #(
    .Half(32), .ReadWidthA(READ_WIDTH_A), .ReadWidthB(READ_WIDTH_B), .WriteWidthA(WRITE_WIDTH_A),
    .WriteWidthB(WRITE_WIDTH_B), .WriteModeA(WRITE_MODE_A), .WriteModeB(WRITE_MODE_B), .Init(INIT), .InitParity(INITP),
    .ResetA(SRVAL_A), .ResetB(SRVAL_B)
  ) u_ram (
    .clk_a_i(CLKARDCLK ^ IS_CLKARDCLK_INVERTED), .clk_b_i(CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED),
    .en_a_i(ENARDEN ^ IS_ENARDEN_INVERTED), .en_b_i(ENBWREN ^ IS_ENBWREN_INVERTED),
    .rst_a_i(RSTRAMARSTRAM ^ IS_RSTRAMARSTRAM_INVERTED), .rst_b_i(RSTRAMB ^ IS_RSTRAMB_INVERTED),
    .addr_a_i(ADDRARDADDR[14:0]), .addr_b_i(ADDRBWRADDR[14:0]), .we_a_i(WEA), .we_b_i(WEBWE),
    .data_a_i(DIADI), .data_b_i(DIBDI), .parity_a_i(DIPADIP), .parity_b_i(DIPBDIP),
    .data_a_o(DOADO), .data_b_o(DOBDO), .parity_a_o(DOPADOP), .parity_b_o(DOPBDOP)
  );
endmodule

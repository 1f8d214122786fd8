// Block RAM and multiplier of Lattice's ECP5, with the pins and parameters of their cells; INITVAL holds what
// INITVAL_00.. do, 20 bits for every 18. Latency 1 cycle for the RAM, 2 with output registers, none for the
// multiplier. No handshake. What is not used is an error: resets asynchronous or of output registers, registers of
// the multiplier.
// Golden: Lattice TN1264, TN1267.
module DP16KD #(
  parameter [20479:0] INITVAL = '0,
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18, REGMODE_A = "NOREG", REGMODE_B = "NOREG",
  parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", CSDECODE_A = "0b000", CSDECODE_B = "0b000",
  parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL", CLKAMUX = "CLKA", CLKBMUX = "CLKB", GSR = "AUTO"
) (
  input logic CLKA, CEA, OCEA, WEA, RSTA, CSA2, CSA1, CSA0, CLKB, CEB, OCEB, WEB, RSTB, CSB2, CSB1, CSB0,
  input logic DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
    DIA3, DIA2, DIA1, DIA0,
  input logic DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
    DIB3, DIB2, DIB1, DIB0,
  input logic ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input logic ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  output logic DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
    DOA3, DOA2, DOA1, DOA0,
  output logic DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
    DOB3, DOB2, DOB1, DOB0
);

  function automatic logic [18431:0] all_bytes();
    for (int i = 0; i < 1024; i++) all_bytes[18*i +: 18] = INITVAL[20*i +: 18];
  endfunction

  // A word of 36 bits has its low half at port A's pins; its bytes are enabled by the address' low bits.
  localparam bit WideWrite = DATA_WIDTH_A == 36;
  localparam bit WideRead = DATA_WIDTH_B == 36;
  wire [17:0] in_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
    DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [17:0] in_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
    DIB4, DIB3, DIB2, DIB1, DIB0};
  wire [13:0] addr_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1,
    ADA0};
  wire [13:0] addr_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1,
    ADB0};
  wire [7:0] we_a = DATA_WIDTH_A >= 18 ? {4'd0, WideWrite ? addr_a[3:0] : {2'd0, addr_a[1:0]}} & {8{WEA}} : 8'(WEA);
  wire [7:0] we_b = DATA_WIDTH_B >= 18 ? {6'd0, addr_b[1:0]} & {8{WEB}} : 8'(WEB);
  logic [71:0] out_a, out_b;

  ganglion_cell_ram #(
    .Bytes(2048), .ReadWidthA(WideWrite ? 0 : DATA_WIDTH_A), .ReadWidthB(DATA_WIDTH_B), .WriteWidthA(DATA_WIDTH_A),
    .WriteWidthB(WideRead ? 0 : DATA_WIDTH_B),
    .WriteModeA(WRITEMODE_A == "NORMAL" ? "NO_CHANGE" : WRITEMODE_A == "WRITETHROUGH" ? "WRITE_FIRST" : "READ_FIRST"),
    .WriteModeB(WRITEMODE_B == "NORMAL" ? "NO_CHANGE" : WRITEMODE_B == "WRITETHROUGH" ? "WRITE_FIRST" : "READ_FIRST"),
    .Init(all_bytes())
  ) u_ram (
    .clk_a_i(CLKA ^ (CLKAMUX == "INV")), .clk_b_i(CLKB ^ (CLKBMUX == "INV")), .en_a_i(CEA), .en_b_i(CEB),
    .rst_a_i(RSTA), .rst_b_i(RSTB), .addr_a_i(addr_a), .addr_b_i(addr_b), .we_a_i(we_a), .we_b_i(we_b),
    .data_a_i(72'(WideWrite ? {in_b, in_a} : 36'(in_a))), .data_b_i(72'(in_b)), .reset_a_i('0), .reset_b_i('0),
    .data_a_o(out_a), .data_b_o(out_b)
  );

  wire clk_out_a = WideRead ? CLKB ^ (CLKBMUX == "INV") : CLKA ^ (CLKAMUX == "INV");
  wire [17:0] latched_a = WideRead ? out_b[17:0] : out_a[17:0];
  wire [17:0] latched_b = WideRead ? out_b[35:18] : out_b[17:0];
  logic [17:0] registered_a = '0, registered_b = '0;
  always @(posedge clk_out_a) if (WideRead ? OCEB : OCEA) registered_a <= latched_a;
  always @(posedge CLKB ^ (CLKBMUX == "INV")) if (OCEB) registered_b <= latched_b;
  localparam bit Plain = RESETMODE == "SYNC" && REGMODE_A == "NOREG" && REGMODE_B == "NOREG";
  always @* if (!Plain && (RSTA || RSTB)) $error("DP16KD: only synchronous resets without OUTREG are modelled");
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
    DOA1, DOA0} = REGMODE_A == "OUTREG" ? registered_a : latched_a;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
    DOB1, DOB0} = REGMODE_B == "OUTREG" ? registered_b : latched_b;
endmodule

module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTB_CLK = "NONE", REG_PIPELINE_CLK = "NONE", REG_OUTPUT_CLK = "NONE"
) (
  input logic A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
  input logic B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
  input logic C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
  input logic SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  output logic P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17,
    P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  if (REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_PIPELINE_CLK != "NONE" || REG_OUTPUT_CLK != "NONE")
    $error("registers are not modelled");
  wire signed [18:0] a = {SIGNEDA & A17, A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3,
    A2, A1, A0};
  wire signed [18:0] b = {SIGNEDB & B17, B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3,
    B2, B1, B0};
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
    P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = 36'(a * b);
endmodule

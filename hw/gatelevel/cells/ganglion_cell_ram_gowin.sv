// Both ports of Gowin's block RAM; without parity (Nine = 0) a byte has 8 bits. A port of two bytes or more has its
// byte enables in the address' low bits. Latency 1 cycle. No handshake. An asynchronous reset that occurs is an error.
// Golden: Gowin UG285.
module ganglion_cell_ram_gowin #(
  parameter bit Nine = 1,
  parameter int WidthA = 0, WidthB = 0, WriteModeA = 0, WriteModeB = 0,
  parameter bit ReadsA = 1, WritesB = 1,
  parameter RESET_MODE = "SYNC",
  parameter logic [18431:0] Init = '0,
  localparam int ByteBits = Nine ? 9 : 8
) (
  input  logic clk_a_i, clk_b_i, en_a_i, en_b_i, we_a_i, we_b_i, rst_a_i, rst_b_i,
  input  logic [13:0] addr_a_i, addr_b_i,
  input  logic [35:0] data_a_i, data_b_i,
  output logic [35:0] data_a_o, data_b_o
);
  function automatic logic [18431:0] all_bytes();
    for (int i = 0; i < 2048; i++) all_bytes[9*i +: 9] = 9'(Init[ByteBits*i +: ByteBits]);
  endfunction

  function automatic logic [71:0] to_bytes(logic [35:0] data);
    to_bytes = '0;
    for (int i = 0; i < 4; i++) to_bytes[9*i +: 9] = 9'(data[ByteBits*i +: ByteBits]);
  endfunction

  function automatic logic [35:0] from_bytes(logic [71:0] bytes);
    from_bytes = '0;
    for (int i = 0; i < 4; i++) from_bytes[ByteBits*i +: ByteBits] = bytes[9*i +: ByteBits];
  endfunction

  function automatic int in_nines(int width);
    return Nine || width < 8 ? width : width / 8 * 9;
  endfunction

  function automatic logic [7:0] enables(int width, logic we, logic [13:0] address);
    if (!we) return 8'd0;
    return in_nines(width) == 36 ? {4'd0, address[3:0]} : in_nines(width) == 18 ? {6'd0, address[1:0]} : 8'd1;
  endfunction

  localparam Mode0 = "NO_CHANGE", Mode1 = "WRITE_FIRST", Mode2 = "READ_FIRST";
  logic [71:0] out_a, out_b;
  ganglion_cell_ram #(
    .Bytes(2048), .ReadWidthA(ReadsA ? in_nines(WidthA) : 0), .ReadWidthB(in_nines(WidthB)),
    .WriteWidthA(in_nines(WidthA)), .WriteWidthB(WritesB ? in_nines(WidthB) : 0),
    .WriteModeA(WriteModeA == 0 ? Mode0 : WriteModeA == 1 ? Mode1 : Mode2),
    .WriteModeB(WriteModeB == 0 ? Mode0 : WriteModeB == 1 ? Mode1 : Mode2), .Init(all_bytes())
  ) u_ram (
    .clk_a_i, .clk_b_i, .en_a_i, .en_b_i, .rst_a_i, .rst_b_i, .addr_a_i, .addr_b_i,
    .we_a_i(enables(WidthA, we_a_i, addr_a_i)), .we_b_i(enables(WidthB, we_b_i, addr_b_i)),
    .data_a_i(to_bytes(data_a_i)), .data_b_i(to_bytes(data_b_i)), .reset_a_i('0), .reset_b_i('0),
    .data_a_o(out_a), .data_b_o(out_b)
  );
  assign data_a_o = from_bytes(out_a);
  assign data_b_o = from_bytes(out_b);
  always @(posedge clk_a_i) assert (RESET_MODE == "SYNC" || !rst_a_i && !rst_b_i) else $error("asynchronous reset");
endmodule

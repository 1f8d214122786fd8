// Block RAM of two ports as every family's is beneath its pins: bytes of 9 bits, of which ports narrower than that
// see the low 8. Widths are bits a word, 0 for a port that does not read or write; addresses count bits, 8 a byte.
// Latency 1 cycle. No handshake. Golden: "Memory mapping" of yosys' documentation, port definitions.
module ganglion_cell_ram #(
  parameter int Bytes = 2048,
  parameter int ReadWidthA = 0,
  parameter int ReadWidthB = 0,
  parameter int WriteWidthA = 0,
  parameter int WriteWidthB = 0,
  // What a port that writes shows: "WRITE_FIRST", "READ_FIRST", or what it showed before, "NO_CHANGE".
  parameter WriteModeA = "NO_CHANGE",
  parameter WriteModeB = "NO_CHANGE",
  parameter logic [9*Bytes-1:0] Init = '0,
  localparam int AddressBits = $clog2(8 * Bytes)
) (
  input  logic clk_a_i,
  input  logic clk_b_i,
  input  logic en_a_i,
  input  logic en_b_i,
  input  logic rst_a_i,  // sets what is shown, whether enabled or not
  input  logic rst_b_i,
  input  logic [AddressBits-1:0] addr_a_i,
  input  logic [AddressBits-1:0] addr_b_i,
  input  logic [7:0] we_a_i,  // a bit a byte
  input  logic [7:0] we_b_i,
  input  logic [71:0] data_a_i,
  input  logic [71:0] data_b_i,
  input  logic [71:0] reset_a_i,
  input  logic [71:0] reset_b_i,
  output logic [71:0] data_a_o,
  output logic [71:0] data_b_o
);
  logic [8:0] byte_mem [Bytes];

  initial begin
    for (int i = 0; i < Bytes; i++) byte_mem[i] = Init[9*i +: 9];
    data_a_o = '0;
    data_b_o = '0;
  end

  function automatic int first_byte(int width, logic [AddressBits-1:0] address);
    return width < 9 ? int'(address) / 8 : int'(address) / 8 / (width / 9) * (width / 9);
  endfunction

  function automatic logic [8:0] mask_of(int width, logic [AddressBits-1:0] address);
    return width < 9 ? 9'((1 << width) - 1) << int'(address) % 8 / width * width : '1;
  endfunction

  // What a port of this width finds at an address, with `written` in the bytes of `we`.
  function automatic logic [71:0] word_at(
    int width, logic [AddressBits-1:0] address, logic [7:0] we, logic [71:0] written
  );
    logic [71:0] word = '0;
    int first = first_byte(width, address);
    if (width < 9) begin
      word = 72'(byte_mem[first] >> int'(address) % 8 / width * width) & 72'((1 << width) - 1);
      return we[0] ? written : word;
    end
    for (int i = 0; i < width / 9; i++) word[9*i +: 9] = we[i] ? written[9*i +: 9] : byte_mem[first+i];
    return word;
  endfunction

  // What a byte becomes when a port writes its part of it.
  function automatic logic [8:0] byte_of(int width, logic [AddressBits-1:0] address, int index, logic [71:0] written);
    logic [8:0] mask = mask_of(width, address);
    logic [8:0] moved = width < 9 ? written[8:0] << int'(address) % 8 / width * width : written[9*index +: 9];
    return byte_mem[first_byte(width, address)+index] & ~mask | moved & mask;
  endfunction

  wire [7:0] we_a = WriteWidthA == 0 || !en_a_i ? '0 : we_a_i;
  wire [7:0] we_b = WriteWidthB == 0 || !en_b_i ? '0 : we_b_i;

  always @(posedge clk_a_i) begin
    if (rst_a_i) data_a_o <= reset_a_i;
    else if (ReadWidthA != 0 && en_a_i && !(|we_a && WriteModeA == "NO_CHANGE"))
      data_a_o <= word_at(ReadWidthA, addr_a_i, WriteModeA == "WRITE_FIRST" ? we_a : '0, data_a_i);
    for (int i = 0; i < (WriteWidthA + 8) / 9; i++)
      if (we_a[i]) byte_mem[first_byte(WriteWidthA, addr_a_i)+i] <= byte_of(WriteWidthA, addr_a_i, i, data_a_i);
  end

  always @(posedge clk_b_i) begin
    if (rst_b_i) data_b_o <= reset_b_i;
    else if (ReadWidthB != 0 && en_b_i && !(|we_b && WriteModeB == "NO_CHANGE"))
      data_b_o <= word_at(ReadWidthB, addr_b_i, WriteModeB == "WRITE_FIRST" ? we_b : '0, data_b_i);
    for (int i = 0; i < (WriteWidthB + 8) / 9; i++)
      if (we_b[i]) byte_mem[first_byte(WriteWidthB, addr_b_i)+i] <= byte_of(WriteWidthB, addr_b_i, i, data_b_i);
  end
endmodule

// Block RAM of two ports as AMD's families have it, parity bits beside the data; widths are those of the cell's
// parameters, 0 for a port that does not read or write.
// Latency 1 cycle. No handshake. Golden: AMD UG473, "Block RAM", data flow and write modes.
module ganglion_cell_ram #(
  parameter int Bits = 16384,
  parameter int Wide = 36,  // a port of this width takes the other's data pins as its high half
  parameter int ReadWidthA = 0,
  parameter int ReadWidthB = 0,
  parameter int WriteWidthA = 0,
  parameter int WriteWidthB = 0,
  parameter WriteModeA = "WRITE_FIRST",
  parameter WriteModeB = "WRITE_FIRST",
  parameter logic [Bits-1:0] Init = '0,
  parameter logic [Bits/8-1:0] InitParity = '0
) (
  input  logic clk_a_i,
  input  logic clk_b_i,
  input  logic en_a_i,
  input  logic en_b_i,
  input  logic rst_a_i,
  input  logic rst_b_i,
  input  logic [$clog2(Bits)-1:0] addr_a_i,
  input  logic [$clog2(Bits)-1:0] addr_b_i,
  input  logic [7:0] we_a_i,
  input  logic [7:0] we_b_i,
  input  logic [31:0] data_a_i,
  input  logic [31:0] data_b_i,
  input  logic [3:0] parity_a_i,
  input  logic [3:0] parity_b_i,
  input  logic [35:0] reset_a_i,  // {parity, data} after a reset of the output latch
  input  logic [35:0] reset_b_i,
  output logic [31:0] data_a_o,
  output logic [31:0] data_b_o,
  output logic [3:0] parity_a_o,
  output logic [3:0] parity_b_o
);
  typedef struct packed {
    logic [7:0] parity;
    logic [63:0] data;
  } word_t;
  localparam int Half = Bits == 16384 ? 16 : 32;

  logic data_mem [Bits];
  logic parity_mem [Bits/8];
  word_t a_q, b_q, wide;

  initial begin
    for (int i = 0; i < Bits; i++) data_mem[i] = Init[i];
    for (int i = 0; i < Bits/8; i++) parity_mem[i] = InitParity[i];
    a_q = '0;
    b_q = '0;
  end

  function automatic int data_bits(int width);
    return width < 9 ? width : width / 9 * 8;
  endfunction

  function automatic int first_bit(int width, logic [$clog2(Bits)-1:0] address);
    return int'(address) / data_bits(width) * data_bits(width);
  endfunction

  // The word at an address: what is stored, with `written` in the bytes of `we`.
  function automatic word_t word_at(int width, logic [$clog2(Bits)-1:0] address, logic [7:0] we, word_t written);
    word_t word = '0;
    int base = first_bit(width, address);
    for (int i = 0; i < data_bits(width); i++) begin
      word.data[i] = we[i/8] ? written.data[i] : data_mem[base+i];
      if (width >= 9 && i % 8 == 0)
        word.parity[i/8] = we[i/8] ? written.parity[i/8] : parity_mem[base/8+i/8];
    end
    return word;
  endfunction

  always_comb begin
    wide.data = 64'(data_b_i) << Half | 64'(data_a_i);
    wide.parity = 8'(parity_b_i) << Half/8 | 8'(parity_a_i);
  end
  wire word_t write_a = '{data: 64'(data_a_i), parity: 8'(parity_a_i)};
  wire word_t write_b = WriteWidthB == Wide ? wide : '{data: 64'(data_b_i), parity: 8'(parity_b_i)};
  wire [7:0] we_a = WriteWidthA == 0 ? 8'd0 : we_a_i;
  wire [7:0] we_b = WriteWidthB == 0 ? 8'd0 : we_b_i;

  if (WriteWidthA == Wide || ReadWidthB == Wide) $error("port A reads and port B writes what is %0d wide", Wide);

  always @(posedge clk_a_i) if (en_a_i) begin
    if (rst_a_i) {a_q.parity, a_q.data} <= {4'd0, reset_a_i[35:32], 32'd0, reset_a_i[31:0]};
    else if (ReadWidthA != 0 && !(|we_a && WriteModeA == "NO_CHANGE"))
      a_q <= word_at(ReadWidthA, addr_a_i, WriteModeA == "WRITE_FIRST" ? we_a : 8'd0, write_a);
    if (WriteWidthA != 0)
      for (int i = 0; i < data_bits(WriteWidthA); i++) if (we_a[i/8]) begin
        data_mem[first_bit(WriteWidthA, addr_a_i)+i] <= write_a.data[i];
        if (WriteWidthA >= 9 && i % 8 == 0)
          parity_mem[first_bit(WriteWidthA, addr_a_i)/8+i/8] <= write_a.parity[i/8];
      end
  end

  always @(posedge clk_b_i) if (en_b_i) begin
    if (rst_b_i) {b_q.parity, b_q.data} <= {4'd0, reset_b_i[35:32], 32'd0, reset_b_i[31:0]};
    else if (ReadWidthB != 0 && !(|we_b && WriteModeB == "NO_CHANGE"))
      b_q <= word_at(ReadWidthB, addr_b_i, WriteModeB == "WRITE_FIRST" ? we_b : 8'd0, write_b);
    if (WriteWidthB != 0)
      for (int i = 0; i < data_bits(WriteWidthB); i++) if (we_b[i/8]) begin
        data_mem[first_bit(WriteWidthB, addr_b_i)+i] <= write_b.data[i];
        if (WriteWidthB >= 9 && i % 8 == 0)
          parity_mem[first_bit(WriteWidthB, addr_b_i)/8+i/8] <= write_b.parity[i/8];
      end
  end

  assign data_a_o = a_q.data[31:0];
  assign parity_a_o = a_q.parity[3:0];
  assign data_b_o = ReadWidthA == Wide ? 32'(a_q.data >> Half) : b_q.data[31:0];
  assign parity_b_o = ReadWidthA == Wide ? 4'(a_q.parity >> Half/8) : b_q.parity[3:0];
endmodule

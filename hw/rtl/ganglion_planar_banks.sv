// The lanes' memories: a value of every bank at one address, rows of banks written together.
// Latency 1 cycle to read, interval 1; a write is read from the next cycle on. Zero at first.
// No handshake: a row of banks is written whenever its we_i is set.
// Golden: the memory in hw.engines.planar.interpret.
module ganglion_planar_banks #(
  parameter  int unsigned Rows        = 4,
  parameter  int unsigned Columns     = 5,
  parameter  int unsigned ValueBits   = 8,
  parameter  int unsigned Depth       = 512,
  localparam int unsigned AddressBits = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                                         clk_i,
  input  logic [AddressBits-1:0]                       raddr_i,
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0]  rdata_o,
  input  logic [Rows-1:0]                              we_i,
  input  logic [AddressBits-1:0]                       waddr_i,
  input  logic [Rows-1:0][Columns-1:0][ValueBits-1:0]  wdata_i
);
  // So many values make a word of a block RAM of 512 words.
  localparam int unsigned Side = 36 / ValueBits;
  localparam int unsigned Groups = (Columns + Side - 1) / Side;
  if (Rows < 1 || Columns < 1 || ValueBits < 2 || ValueBits > 8 || Depth < 1) begin : g_bad
    $error("ganglion_planar_banks: Rows %0d, Columns %0d, Depth %0d (from 1), ValueBits %0d (to 8)",
           Rows, Columns, Depth, ValueBits);
  end

  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar g = 0; g < Groups; g++) begin : g_group
      localparam int unsigned Own = g == Groups - 1 ? Columns - g * Side : Side;
      (* ram_style = "block" *) logic [Own*ValueBits-1:0] values [Depth];
      initial for (int unsigned i = 0; i < Depth; i++) values[i] = '0;
      always_ff @(posedge clk_i) begin
        if (we_i[r]) values[waddr_i] <= wdata_i[r][g*Side+:Own];
        rdata_o[r][g*Side+:Own] <= values[raddr_i];
      end
    end
  end
endmodule

// A lane's weights: where each column lies, its entries, and the state of an episode's start.
// Latency 1 cycle at both ports, interval 1.
// No handshake: find_o keeps its word without find_i; entry_o has a new one every cycle.
// Golden: Program.columns of hw.engines.delta.program.
module ganglion_delta_columns #(
  parameter  int unsigned Bits        = 36,
  parameter  int unsigned Words       = 560,
  parameter               ColumnFile  = "",
  localparam int unsigned AddressBits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                   clk_i,
  input  logic                   find_i,
  input  logic [AddressBits-1:0] find_addr_i,
  output logic [Bits-1:0]        find_o,
  input  logic [AddressBits-1:0] entry_addr_i,
  output logic [Bits-1:0]        entry_o
);
  if (Bits < 1 || Words < 1) begin : g_bad
    $error("ganglion_delta_columns: Bits %0d, Words %0d, allowed from 1", Bits, Words);
  end

  (* ram_style = "block", rom_style = "block" *) logic [Bits-1:0] words [Words];
  initial if (ColumnFile != "") $readmemh(ColumnFile, words);

  always_ff @(posedge clk_i) if (find_i) find_o <= words[find_addr_i];
  always_ff @(posedge clk_i) entry_o <= words[entry_addr_i];
endmodule

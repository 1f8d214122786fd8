// The words of a frame's payload, in a block memory.
// Latency 1 cycle to read and from a write to a read; interval 1.
// No handshake.
// Golden: none, a memory.
module ganglion_serial_words (
  input  logic        clk_i,
  input  logic        we_i,
  input  logic [7:0]  windex_i,
  input  logic [31:0] word_i,
  input  logic [7:0]  rindex_i,
  output logic [31:0] word_o
);
  (* ram_style = "block" *) logic [31:0] words [256];

  always_ff @(posedge clk_i) begin
    if (we_i) words[windex_i] <= word_i;
    word_o <= words[rindex_i];
  end
endmodule

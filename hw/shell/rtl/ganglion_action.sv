// Keeps the words of the last action where the bus reads them.
// Latency 1 cycle from a word to the memory and from read_i to data_o; initiation interval 1.
// Handshake: s is always ready; done_o is high in the cycle that takes an action's last word.
// Golden: none, the words are read as they came; reset keeps them.
module ganglion_action #(
  parameter  int unsigned Words    = 1,
  localparam int unsigned WordBits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [31:0]         s_data_i,
  input  logic                s_last_i,
  input  logic                s_valid_i,
  output logic                done_o,
  input  logic                read_i,
  input  logic [WordBits-1:0] word_i,
  output logic [31:0]         data_o
);
  logic [31:0] words [2**WordBits];
  logic [WordBits-1:0] word_q;

  initial for (int i = 0; i < 2 ** WordBits; i++) words[i] = '0;

  assign done_o = s_valid_i && s_last_i;

  always_ff @(posedge clk_i) begin
    if (s_valid_i) words[word_q] <= s_data_i;
    if (read_i) data_o <= words[word_i];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (s_valid_i) word_q <= s_last_i ? '0 : word_q + 1'b1;
  end
endmodule

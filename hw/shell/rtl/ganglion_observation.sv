// Holds an observation of Words 32-bit words as it is written, and sends it when told to.
// Latency 2 cycles from send_i to the first word; initiation interval Words + 1 cycles.
// Valid/ready handshake towards m; send_i while words are left, or in reset, is not looked at.
// Golden: none, the words are sent as written; reset stops sending and keeps them.
module ganglion_observation #(
  parameter  int unsigned Words    = 3,
  localparam int unsigned WordBits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [3:0]          write_i,  // a bit for each byte
  input  logic [WordBits-1:0] word_i,
  input  logic [31:0]         data_i,
  input  logic                send_i,
  output logic [31:0]         m_data_o,
  output logic                m_valid_o,
  input  logic                m_ready_i
);
  localparam logic [WordBits-1:0] LastWord = WordBits'(Words - 1);

  logic [3:0][7:0] words [2**WordBits];
  logic [WordBits-1:0] word_q;
  logic [31:0] data_q;
  logic sending_q, valid_q, fetch;

  initial for (int i = 0; i < 2 ** WordBits; i++) words[i] = '0;

  assign fetch     = sending_q && (!valid_q || m_ready_i);
  assign m_data_o  = data_q;
  assign m_valid_o = valid_q;

  always_ff @(posedge clk_i) begin
    for (int b = 0; b < 4; b++) if (write_i[b]) words[word_i][b] <= data_i[8*b+:8];
    if (fetch) data_q <= words[word_q];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sending_q <= 1'b0;
      valid_q   <= 1'b0;
      word_q    <= '0;
    end else begin
      if (fetch || m_ready_i) valid_q <= fetch;
      if (fetch) begin
        sending_q <= word_q != LastWord;
        word_q    <= word_q == LastWord ? '0 : word_q + 1'b1;
      end else if (send_i) begin
        sending_q <= 1'b1;
      end
    end
  end
endmodule

// Sends a vector that comes in one word as words of OutValues, the last filled up with zeros.
// Latency 0; interval the number of words.
// AXI-Stream handshake at both ends, combinational: the vector is accepted with its last word.
// Golden: none, order and values are kept.
module ganglion_narrow #(
  parameter int unsigned Bits      = 8,
  parameter int unsigned Features  = 20,
  parameter int unsigned OutValues = 8
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [Features*Bits-1:0]  s_data_i,
  input  logic                      s_valid_i,
  output logic                      s_ready_o,
  output logic [OutValues*Bits-1:0] m_data_o,
  output logic                      m_valid_o,
  input  logic                      m_ready_i
);
  localparam int unsigned Words    = (Features + OutValues - 1) / OutValues;
  localparam int unsigned WordBits = OutValues * Bits;
  localparam int unsigned AtBits   = Words > 1 ? $clog2(Words) : 1;

  if (OutValues < 1 || OutValues > Features) begin : g_bad
    $error("ganglion_narrow: OutValues = %0d, allowed 1 to Features = %0d", OutValues, Features);
  end

  logic [Words-1:0][WordBits-1:0] words;
  logic [AtBits-1:0] at_q;
  logic last;

  assign words     = (Words * WordBits)'(s_data_i);
  assign last      = at_q == AtBits'(Words - 1);
  assign m_data_o  = words[at_q];
  assign m_valid_o = s_valid_i;
  assign s_ready_o = m_ready_i && last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) at_q <= '0;
    else if (s_valid_i && m_ready_i) at_q <= last ? '0 : at_q + 1'b1;
  end
endmodule

// Lets frames of Words words through, one an inference; a frame of another length gets no answer.
// Latency 0 on both sides; interval 1 word a cycle, at most Depth frames at once.
// AXI-Stream handshake at all ends: observations from s to m, results from r to t.
// Golden: none, words are kept; a wrong frame is cut or filled up, its result dropped.
module ganglion_frames #(
  parameter int unsigned Words     = 3,
  parameter int unsigned Depth     = 16,
  parameter bit          CheckLast = 1   // 0: frames have no last word's mark
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] s_data_i,
  input  logic        s_last_i,
  input  logic        s_valid_i,
  output logic        s_ready_o,
  output logic [31:0] m_data_o,
  output logic        m_valid_o,
  input  logic        m_ready_i,
  input  logic        r_last_i,
  input  logic        r_valid_i,
  output logic        r_ready_o,
  output logic        t_valid_o,
  input  logic        t_ready_i,
  output logic        error_o    // sticky: a frame had another length
);
  localparam int unsigned CountBits = $clog2(Depth + 1);
  localparam int unsigned IndexBits = $clog2(Depth);
  localparam int unsigned WordBits  = Words > 1 ? $clog2(Words) : 1;

  logic [WordBits-1:0] word_q;
  logic [CountBits-1:0] count_q;  // frames that entered and have no result yet
  logic filling_q, dropping_q, error_q, room, move, is_last, ends_early, ends_late, enters, leaves;
  logic has_result, is_wrong;
  logic [Depth-1:0] wrong_q, wrong_d;  // a bit for each of them, the oldest in bit 0

  assign room       = count_q != CountBits'(Depth) || word_q != '0;
  assign is_last    = word_q == WordBits'(Words - 1);
  assign m_data_o   = filling_q ? '0 : s_data_i;
  assign m_valid_o  = room && (filling_q || (s_valid_i && !dropping_q));
  assign s_ready_o  = dropping_q || (room && !filling_q && m_ready_i);
  assign move       = m_valid_o && m_ready_i;
  assign ends_early = CheckLast && move && !filling_q && s_last_i && !is_last;
  assign ends_late  = CheckLast && move && !filling_q && !s_last_i && is_last;
  assign enters     = move && is_last;
  assign leaves     = r_valid_i && r_ready_o && r_last_i;
  assign t_valid_o  = r_valid_i && has_result && !is_wrong;
  assign r_ready_o  = has_result && (is_wrong || t_ready_i);
  assign has_result = count_q != '0;
  assign is_wrong   = wrong_q[0];
  assign error_o    = error_q;

  always_comb begin
    wrong_d = leaves ? wrong_q >> 1 : wrong_q;
    if (enters) wrong_d[IndexBits'(count_q - CountBits'(leaves))] = filling_q || ends_late;
  end

  always_ff @(posedge clk_i) begin
    wrong_q <= wrong_d;
    if (!rst_ni) begin
      {filling_q, dropping_q, error_q} <= '0;
      word_q  <= '0;
      count_q <= '0;
    end else begin
      if (move) word_q <= is_last ? '0 : word_q + 1'b1;
      filling_q  <= ends_early || (filling_q && !enters);
      dropping_q <= ends_late || (dropping_q && !(s_valid_i && s_last_i));
      error_q    <= error_q || ends_early || ends_late;
      count_q    <= count_q + CountBits'(enters) - CountBits'(leaves);
    end
  end
endmodule

// Gathers a vector's words of InValues into words of OutValues; a short last one is filled up.
// Latency 1 cycle from a word's last part; interval 1 cycle a part, Features / InValues a vector.
// AXI-Stream handshake at both ends; s_ready_o follows m_ready_i in the same cycle.
// Golden: none, order and values are kept; what a last word lacks holds what was there before.
module ganglion_widen #(
  parameter int unsigned Bits      = 8,
  parameter int unsigned InValues  = 1,
  parameter int unsigned OutValues = 8,
  parameter int unsigned Features  = 20
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [InValues*Bits-1:0]  s_data_i,
  input  logic                      s_valid_i,
  output logic                      s_ready_o,
  output logic [OutValues*Bits-1:0] m_data_o,
  output logic                      m_valid_o,
  input  logic                      m_ready_i
);
  localparam int unsigned PartBits = InValues * Bits;
  localparam int unsigned Parts    = OutValues / InValues;
  localparam int unsigned InWords  = Features / InValues;
  localparam int unsigned AtBits   = Parts > 1 ? $clog2(Parts) : 1;
  localparam int unsigned LeftBits = InWords > 1 ? $clog2(InWords) : 1;
  localparam logic [LeftBits-1:0] All = LeftBits'(InWords - 1);

  if (OutValues % InValues != 0 || Features % InValues != 0) begin : g_bad
    $error("ganglion_widen: InValues = %0d must divide OutValues = %0d and Features = %0d",
           InValues, OutValues, Features);
  end

  logic [OutValues*Bits-1:0] word_q;
  logic [AtBits-1:0] at_q;      // the part to come
  logic [LeftBits-1:0] left_q;  // parts of the vector after that one
  logic valid_q, accept, done;

  assign s_ready_o = !valid_q || m_ready_i;
  assign accept    = s_valid_i && s_ready_o;
  assign done      = accept && (left_q == '0 || at_q == AtBits'(Parts - 1));
  assign m_data_o  = word_q;
  assign m_valid_o = valid_q;

  for (genvar k = 0; k < Parts; k++) begin : g_part
    always_ff @(posedge clk_i) begin
      if (accept && at_q == AtBits'(k)) word_q[k*PartBits+:PartBits] <= s_data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      at_q    <= '0;
      left_q  <= All;
    end else begin
      if (s_ready_o) valid_q <= done;
      if (accept) begin
        at_q   <= done ? '0 : at_q + 1'b1;
        left_q <= left_q == '0 ? All : left_q - 1'b1;
      end
    end
  end
endmodule

// The number of a vector's largest value, the first of equal ones.
// Latency 1 cycle from the last value; initiation interval one cycle a value.
// Valid/ready handshake at both ends; s_ready_o follows m_ready_i in the same cycle.
// Golden: ganglion.models.spec.heads.ArgmaxHead.act
module ganglion_argmax #(
  parameter int unsigned Bits      = 8,  // of a value
  parameter bit          Signed    = 1,
  parameter int unsigned IndexBits = 2   // of the answer
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [Bits-1:0] s_data_i,
  input  logic            s_last_i,
  input  logic            s_valid_i,
  output logic            s_ready_o,
  output logic [31:0]     m_data_o,
  output logic            m_last_o,
  output logic            m_valid_o,
  input  logic            m_ready_i
);
  // Offset binary, so that one comparison serves both kinds.
  localparam logic [Bits-1:0] Offset = Signed ? Bits'(1) << (Bits - 1) : '0;
  if (Bits < 1 || IndexBits < 1 || IndexBits > 16) begin : g_bad
    $error("ganglion_argmax: Bits %0d, IndexBits %0d, allowed from 1 and 1 to 16", Bits, IndexBits);
  end

  logic [IndexBits-1:0] index_q, best_index_q;
  logic [Bits-1:0] value, best_q;
  logic valid_q, take;

  assign value     = s_data_i ^ Offset;
  assign take      = s_valid_i && s_ready_o;
  assign s_ready_o = !valid_q || m_ready_i;
  assign m_valid_o = valid_q;
  assign m_last_o  = valid_q;
  assign m_data_o  = 32'(best_index_q);

  always_ff @(posedge clk_i) begin
    if (take && (index_q == '0 || value > best_q)) begin
      best_q       <= value;
      best_index_q <= index_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      index_q <= '0;
    end else begin
      if (s_ready_o) valid_q <= take && s_last_i;
      if (take) index_q <= s_last_i ? '0 : index_q + 1'b1;
    end
  end
endmodule

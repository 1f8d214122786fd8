// Reset of a board: from power-on, while the clock is not locked, and while the button is pressed.
// Latency: released 2**Bits cycles after the last reason to reset.
// No handshake: reset_i and locked_i may change at any time.
// Golden: a counter that starts again.
module ganglion_reset #(
  parameter int unsigned Bits = 8
) (
  input  logic clk_i,
  input  logic locked_i,
  input  logic reset_i,
  output logic rst_no
);
  logic [1:0] hold_q = '1;
  logic [Bits-1:0] count_q = '0;
  logic rst_nq = 1'b0;

  always_ff @(posedge clk_i) begin
    hold_q <= {hold_q[0], reset_i || !locked_i};
    if (hold_q[1]) begin
      count_q <= '0;
      rst_nq  <= 1'b0;
    end else begin
      if (!rst_nq) count_q <= count_q + 1'b1;
      if (&count_q) rst_nq <= 1'b1;
    end
  end

  assign rst_no = rst_nq;
endmodule

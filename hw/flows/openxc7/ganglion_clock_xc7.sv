// A board's oscillator halved Halvings times, on a global net: the clock of the accelerator without a PLL.
// Latency: none that counts; the first edge comes 2**(Halvings - 1) cycles of the oscillator after power-on.
// No handshake: locked_o is always high.
// Golden: osc_i of 1 / 2**Halvings the frequency.
module ganglion_clock #(
  parameter int unsigned Halvings = 1
) (
  input  logic osc_i,
  output logic clk_o,
  output logic locked_o
);
  if (Halvings < 1) begin : gen_check
    $error("ganglion_clock: Halvings = %0d, allowed from 1", Halvings);
  end

  logic [Halvings-1:0] count_q = '0;
  always_ff @(posedge osc_i) count_q <= count_q + 1'b1;

  BUFG u_bufg (.I(count_q[Halvings-1]), .O(clk_o));
  assign locked_o = 1'b1;
endmodule

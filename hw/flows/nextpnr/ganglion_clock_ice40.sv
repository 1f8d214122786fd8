// The accelerator's clock by an iCE40's PLL: osc_i / Reference * Feedback / Output; Output is a power of 2.
// Latency: the PLL locks within 50 us.
// No handshake: locked_o says that the clock is stable.
// Golden: ganglion.hw.target.pll.
module ganglion_clock #(
  parameter int unsigned Reference = 1,
  parameter int unsigned Feedback  = 60,
  parameter int unsigned Output    = 16,
  parameter int unsigned Filter    = 1    // of the loop, by the frequency that is compared
) (
  input  logic osc_i,
  output logic clk_o,
  output logic locked_o
);
  SB_PLL40_PAD #(
    .FEEDBACK_PATH("SIMPLE"), .DIVR(4'(Reference - 1)), .DIVF(7'(Feedback - 1)),
    .DIVQ(3'($clog2(Output))), .FILTER_RANGE(3'(Filter))
  ) u_pll (
    .PACKAGEPIN(osc_i), .PLLOUTGLOBAL(clk_o), .LOCK(locked_o), .RESETB(1'b1), .BYPASS(1'b0)
  );
endmodule

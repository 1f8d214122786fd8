// The accelerator's clock by an ECP5's PLL: osc_i / Reference * Feedback; its VCO runs Output times as fast.
// Latency: the PLL locks within 15 ms.
// No handshake: locked_o says that the clock is stable.
// Golden: ganglion.hw.target.pll.
module ganglion_clock #(
  parameter int unsigned Reference = 1,
  parameter int unsigned Feedback  = 4,
  parameter int unsigned Output    = 6
) (
  input  logic osc_i,
  output logic clk_o,
  output logic locked_o
);
  EHXPLLL #(
    .CLKI_DIV(Reference), .CLKFB_DIV(Feedback), .CLKOP_DIV(Output), .CLKOP_CPHASE(Output - 1),
    .CLKOP_FPHASE(0), .CLKOP_ENABLE("ENABLED"), .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"),
    .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"), .DPHASE_SOURCE("DISABLED")
  ) u_pll (
    .CLKI(osc_i), .CLKFB(clk_o), .CLKOP(clk_o), .LOCK(locked_o), .RST(1'b0), .STDBY(1'b0),
    .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b0), .PHASESTEP(1'b0), .PHASELOADREG(1'b0),
    .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)
  );
endmodule

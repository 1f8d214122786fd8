// The accelerator's clock by a Gowin's PLL: osc_i / Reference * Feedback; its VCO runs Output times as fast.
// Latency: the PLL locks within 1 ms.
// No handshake: locked_o says that the clock is stable.
// Golden: ganglion.hw.target.pll.
module ganglion_clock #(
  parameter              Oscillator = "27",  // MHz, as text
  parameter              Device     = "GW2A-18C",
  parameter int unsigned Reference  = 1,
  parameter int unsigned Feedback   = 4,
  parameter int unsigned Output     = 8
) (
  input  logic osc_i,
  output logic clk_o,
  output logic locked_o
);
  rPLL #(
    .FCLKIN(Oscillator), .DEVICE(Device), .IDIV_SEL(Reference - 1), .FBDIV_SEL(Feedback - 1),
    .ODIV_SEL(Output), .DYN_IDIV_SEL("false"), .DYN_FBDIV_SEL("false"), .DYN_ODIV_SEL("false"),
    .CLKFB_SEL("internal"), .CLKOUT_BYPASS("false")
  ) u_pll (
    .CLKIN(osc_i), .CLKFB(1'b0), .RESET(1'b0), .RESET_P(1'b0), .FBDSEL(6'b0), .IDSEL(6'b0),
    .ODSEL(6'b0), .PSDA(4'b0), .DUTYDA(4'b0), .FDLY(4'b0), .CLKOUT(clk_o), .LOCK(locked_o)
  );
endmodule

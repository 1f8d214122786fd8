// A value some cycles later, through as many registers; through none it is a wire.
// Latency Cycles, interval 1.
// No handshake: a value in every cycle; with Resets zero after a reset.
// Golden: none, the values are kept.
module ganglion_delay #(
  parameter int unsigned Bits   = 1,
  parameter int unsigned Cycles = 1,
  parameter bit          Resets = 0   // to zero, or else nothing is reset
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [Bits-1:0] data_i,
  output logic [Bits-1:0] data_o
);
  logic [Cycles:0][Bits-1:0] data;

  assign data[0] = data_i;
  assign data_o  = data[Cycles];
  for (genvar i = 0; i < Cycles; i++) begin : g_stage
    always_ff @(posedge clk_i) data[i+1] <= Resets && !rst_ni ? '0 : data[i];
  end
  if (!Resets || Cycles == 0) begin : g_no_reset
    logic unused_rst_ni;
    assign unused_rst_ni = ^{rst_ni, clk_i};
  end
endmodule

// Requantization: arithmetic shift right and clip to 0 .. 2**bits - 1; rounding is in the biases.
// Latency 0: combinational. Mode m shifts by Shifts[8*m+:8] and keeps Widths[8*m+:8] bits.
// No handshake: a function of its inputs.
// Golden: hw.engines.folded.lower.Requantization.apply, which makes models.reference.requantize.
module ganglion_requantize #(
  parameter  int unsigned        AccBits  = 22,
  parameter  int unsigned        OutBits  = 8,
  parameter  int unsigned        Modes    = 1,
  parameter  logic [8*Modes-1:0] Shifts   = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths   = {Modes{8'd8}},
  localparam int unsigned        ModeBits = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic signed [AccBits-1:0]  acc_i,
  input  logic        [ModeBits-1:0] mode_i,
  output logic        [OutBits-1:0]  out_o
);
  logic [OutBits-1:0] clipped [Modes];

  for (genvar m = 0; m < Modes; m++) begin : g_mode
    localparam int unsigned Shift = 32'(Shifts[8*m+:8]);
    localparam int unsigned Width = 32'(Widths[8*m+:8]);
    localparam int unsigned Top   = Shift + Width;
    if (Shift > 24 || Width < 2 || Width > OutBits) begin : g_bad
      $error("ganglion_requantize: mode %0d shifts by %0d (0 to 24), keeps %0d bits (2 to %0d)",
             m, Shift, Width, OutBits);
    end
    logic over;
    if (Top + 1 < AccBits) begin : g_over
      assign over = |acc_i[AccBits-2:Top];
    end else begin : g_never
      assign over = 1'b0;
    end
    logic [Width-1:0] kept;
    assign kept = (Width'(acc_i >>> Shift) | {Width{over}}) & {Width{!acc_i[AccBits-1]}};
    assign clipped[m] = OutBits'(kept);
  end

  if (Modes > 1) begin : g_modes
    assign out_o = clipped[mode_i];
  end else begin : g_mode_only
    assign out_o = clipped[0];
    logic unused_mode;
    assign unused_mode = ^mode_i;
  end
endmodule

// Brings a vector from layer to layer: once all is summed up, the layer's rows are scanned.
// Latency 2 cycles from quiet_i, behind the last walk, to a scan; Clears from reset to ready.
// No handshake: commands to all units; open_o lets a vector in.
// Golden: hw.engines.delta.cycles.
module ganglion_delta_control #(
  parameter  int unsigned Layers     = 3,
  parameter  int unsigned Rows       = 24,  // of a unit
  parameter  int unsigned InWords    = 3,
  parameter  int unsigned ActBits    = 8,
  parameter  int unsigned Modes      = 1,
  // Of each layer's rows in a unit the first and the last; of each hidden one mode and threshold.
  parameter  logic [16*Layers-1:0] Firsts = '0,
  parameter  logic [16*Layers-1:0] Lasts = '0,
  parameter  logic [8*Layers-1:0]  ModeOf = '0,
  parameter  logic [16*Layers-1:0] Thresholds = '0,
  localparam int unsigned RowBits    = Rows > 1 ? $clog2(Rows) : 1,
  localparam int unsigned ModeBits   = Modes > 1 ? $clog2(Modes) : 1,
  localparam int unsigned WordBits   = InWords > 1 ? $clog2(InWords) : 1,
  localparam int unsigned LayerBits  = Layers > 1 ? $clog2(Layers) : 1,
  localparam int unsigned ScanBits   = Layers > 2 ? $clog2(Layers - 1) : 1,
  localparam int unsigned PhaseBits  = $clog2(Layers + 1)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 quiet_i,    // no lane has anything to do
  input  logic                 in_done_i,  // the inputs' events are with the lanes
  output logic                 clear_rows_o,
  output logic [RowBits:0]     clear_row_o,
  output logic                 clear_inputs_o,
  output logic [WordBits-1:0]  clear_word_o,
  output logic                 open_o,     // inputs may come
  output logic                 closes_o,   // in the cycle in which the inputs are done with
  output logic                 start_o,
  output logic [RowBits-1:0]   first_o,
  output logic [RowBits-1:0]   last_o,
  output logic [ModeBits-1:0]  mode_o,
  output logic [ActBits:0]     threshold_o,
  output logic                 sends_o,
  output logic [ScanBits-1:0]  scan_o,     // the hidden layer whose rows are scanned
  output logic                 outputs_o   // the last layer's rows are read
);
  localparam int unsigned Clears    = 2 * Rows > InWords ? 2 * Rows : InWords;
  localparam int unsigned ClearBits = $clog2(Clears + 1);

  if (Layers < 1 || Rows < 1 || InWords < 1) begin : g_bad
    $error("ganglion_delta_control: Layers %0d, Rows %0d, InWords %0d, allowed from 1",
           Layers, Rows, InWords);
  end

  // Phase p > 0 scans the rows of layer p - 1; in phase 0 inputs come.
  logic [PhaseBits-1:0] phase_q, phase_d;
  logic [LayerBits-1:0] layer, next_layer;
  logic [ClearBits-1:0] clear_q;
  logic quiet_q, clears;

  assign clears         = clear_q != ClearBits'(Clears);
  assign clear_rows_o   = clears && clear_q < ClearBits'(2 * Rows);
  assign clear_row_o    = (RowBits + 1)'(clear_q);
  assign clear_inputs_o = clears && clear_q < ClearBits'(InWords);
  assign clear_word_o   = WordBits'(clear_q);

  assign phase_d     = phase_q == PhaseBits'(Layers) ? '0 : phase_q + 1'b1;
  assign next_layer  = LayerBits'(phase_q);
  assign layer       = LayerBits'(phase_q - 1'b1);
  assign scan_o      = ScanBits'(layer);
  assign open_o      = phase_q == '0 && !clears;
  assign closes_o    = quiet_q && phase_q == '0;
  assign outputs_o   = phase_q == PhaseBits'(Layers);
  assign sends_o     = phase_q != '0 && !outputs_o;
  assign start_o     = quiet_q && !outputs_o;
  assign first_o     = RowBits'(Firsts[16*next_layer+:16]);
  assign last_o      = RowBits'(Lasts[16*layer+:16]);
  assign mode_o      = ModeBits'(ModeOf[8*layer+:8]);
  assign threshold_o = (ActBits + 1)'(Thresholds[16*layer+:16]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q <= '0;
      phase_q <= '0;
      quiet_q <= 1'b0;
    end else begin
      clear_q <= clear_q + ClearBits'(clears);
      quiet_q <= quiet_i && (phase_q != '0 || in_done_i) && !quiet_q;
      if (quiet_q) phase_q <= phase_d;
    end
  end
endmodule

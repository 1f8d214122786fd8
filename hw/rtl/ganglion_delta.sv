// The delta engine: layers are sent only what changed, and only live weights make products.
// Latency depends on what changed, at most what hw.engines.delta.bound says; a vector at a time.
// AXI-Stream handshake at both ends; after a reset in_tready_o is low until the state is cleared.
// Golden: models.delta.DeltaNetwork, its cycles hw.engines.delta.cycles.
module ganglion_delta #(
  parameter  int unsigned Lanes      = 8,
  parameter  int unsigned Channels   = 4,
  parameter  int unsigned Layers     = 3,
  parameter  int unsigned Rows       = 24,   // of a unit, of which a lane has two
  parameter  int unsigned ActBits    = 8,
  parameter  int unsigned WeightBits = 8,
  parameter  int unsigned AccBits    = 22,
  parameter  int unsigned Ids        = 90,   // of a channel's neurons
  parameter  int unsigned IdBits     = 7,
  parameter  int unsigned QueueDepth = 32,
  parameter  int unsigned LengthBits = 4,
  parameter  int unsigned Bits       = 36,   // of a word of a lane's columns
  parameter  int unsigned Words      = 560,
  parameter  int unsigned StartWord  = 512,
  parameter  int unsigned InValues   = 4,
  parameter  int unsigned InWords    = 3,
  parameter  int unsigned InBits     = 8,
  parameter  bit          InSigned   = 1,
  parameter  int unsigned InThreshold = 0,
  parameter  int unsigned OutWords   = 3,
  parameter  int unsigned OutBits    = 8,
  parameter  bit          OutSigned  = 1,
  parameter  int unsigned OutShift   = 6,
  parameter  int unsigned Modes      = 1,    // requantizations of hidden layers
  parameter  logic [8*Modes-1:0]   Shifts = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0]   Widths = {Modes{8'd8}},
  parameter  logic [16*Layers-1:0] Firsts = '0,
  parameter  logic [16*Layers-1:0] Lasts = '0,
  parameter  logic [8*Layers-1:0]  ModeOf = '0,
  parameter  logic [16*Layers-1:0] Thresholds = '0,
  localparam int unsigned Scans      = Layers > 1 ? Layers - 1 : 1,
  localparam int unsigned Units      = 2 * Lanes,
  localparam int unsigned Slots      = (Units + Channels - 1) / Channels,
  parameter  logic [Channels-1:0][Scans-1:0][Slots-1:0][IdBits-1:0] Bases = '0,
  parameter  bit          Packed     = 1,
  parameter               ColumnPrefix = "", // of a file for each lane: <prefix>00.dat on
  parameter               MaskPrefix = ""    // of a file for each channel: <prefix>0.dat on
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic [InValues*InBits-1:0]    in_tdata_i,
  input  logic                          in_tvalid_i,
  output logic                          in_tready_o,
  output logic [OutBits-1:0]            out_tdata_o,
  output logic                          out_tvalid_o,
  input  logic                          out_tready_i,
  output logic [Units-1:0]              value_we_o,  // hidden activations, for taps
  output logic [Units-1:0][ActBits-1:0] value_o
);
  localparam int unsigned RowBits   = Rows > 1 ? $clog2(Rows) : 1;
  localparam int unsigned ModeBits  = Modes > 1 ? $clog2(Modes) : 1;
  localparam int unsigned WordBits  = InWords > 1 ? $clog2(InWords) : 1;
  localparam int unsigned ScanBits  = Scans > 1 ? $clog2(Scans) : 1;

  logic rst_q, in_open, in_tready, in_first, in_done, closes, clear_rows, clear_inputs, quiet;
  logic start, sends, outputs, room;
  logic [RowBits:0] clear_row;
  logic [WordBits-1:0] clear_word, in_word;
  logic [RowBits-1:0] first, last;
  logic [ModeBits-1:0] mode;
  logic [ScanBits-1:0] scan;
  logic [ActBits:0] threshold;
  logic [InValues-1:0] in_event;
  logic [InValues-1:0][ActBits:0] in_diff;
  logic [Lanes-1:0] idle;
  logic [Units-1:0] active, has_event, taken, value_we;
  logic [Units-1:0][AccBits-1:0] acc;
  logic [Units-1:0][RowBits-1:0] row;
  logic [Units-1:0][ActBits:0] diff;
  logic [Lanes-1:0][Channels-1:0] push;
  logic [Channels-1:0][IdBits-1:0] id;
  logic [Channels-1:0][ActBits:0] id_diff;

  // Registered once for its fan-out; in the cycle that this costs, no word passes either end.
  initial rst_q = 1'b1;
  always_ff @(posedge clk_i) rst_q <= !rst_ni;
  assign in_tready_o = in_tready && !rst_q;
  assign value_we_o  = value_we & {Units{!rst_q}};
  assign quiet       = &idle && {active, has_event} == '0;

  ganglion_delta_control #(
    .Layers(Layers), .Rows(Rows), .InWords(InWords), .ActBits(ActBits), .Modes(Modes),
    .Firsts(Firsts), .Lasts(Lasts), .ModeOf(ModeOf), .Thresholds(Thresholds)
  ) u_control (
    .clk_i, .rst_ni(!rst_q), .quiet_i(quiet), .in_done_i(in_done), .clear_rows_o(clear_rows),
    .clear_row_o(clear_row), .clear_inputs_o(clear_inputs), .clear_word_o(clear_word),
    .open_o(in_open), .closes_o(closes), .start_o(start), .first_o(first), .last_o(last),
    .mode_o(mode), .threshold_o(threshold), .sends_o(sends), .scan_o(scan), .outputs_o(outputs)
  );

  ganglion_delta_input #(
    .Width(InValues), .Words(InWords), .InBits(InBits), .InSigned(InSigned), .DiffBits(ActBits + 1),
    .Threshold(InThreshold)
  ) u_input (
    .clk_i, .rst_ni(!rst_q), .clear_i(clear_inputs), .clear_word_i(clear_word),
    .open_i(in_open && (room || !in_first)), .restart_i(closes), .tdata_i(in_tdata_i),
    .tvalid_i(in_tvalid_i && !rst_q), .tready_o(in_tready), .first_o(in_first), .done_o(in_done),
    .event_o(in_event), .word_o(in_word), .diff_o(in_diff)
  );

  ganglion_delta_channels #(
    .Lanes(Lanes), .Channels(Channels), .InValues(InValues), .Scans(Scans), .Ids(Ids),
    .IdBits(IdBits), .RowBits(RowBits), .WordBits(WordBits), .DiffBits(ActBits + 1), .Bases(Bases),
    .MaskPrefix(MaskPrefix)
  ) u_channels (
    .scan_i(scan), .event_i(has_event), .row_i(row), .diff_i(diff), .taken_o(taken),
    .in_event_i(in_event), .in_word_i(in_word), .in_diff_i(in_diff), .push_o(push), .id_o(id),
    .diff_o(id_diff)
  );

  for (genvar p = 0; p < Lanes; p++) begin : g_lane
    localparam logic [7:0] Tens = 8'd48 + 8'(p / 10), Ones = 8'd48 + 8'(p % 10);  // ASCII
    ganglion_delta_lane #(
      .Channels(Channels), .IdBits(IdBits), .QueueDepth(QueueDepth), .LengthBits(LengthBits),
      .Bits(Bits), .Words(Words), .StartWord(StartWord), .Rows(Rows), .ActBits(ActBits),
      .WeightBits(WeightBits), .AccBits(AccBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths),
      .Packed(Packed), .ColumnFile({ColumnPrefix, Tens, Ones, ".dat"})
    ) u_lane (
      .clk_i, .rst_ni(!rst_q), .clear_i(clear_rows), .clear_word_i(clear_row), .push_i(push[p]),
      .id_i(id), .diff_i(id_diff), .start_i(start), .first_i(first), .last_i(last), .mode_i(mode),
      .threshold_i(threshold), .sends_i(sends), .idle_o(idle[p]), .active_o(active[2*p+:2]),
      .acc_o(acc[2*p+:2]), .value_we_o(value_we[2*p+:2]), .value_o(value_o[2*p+:2]),
      .event_o(has_event[2*p+:2]), .event_row_o(row[2*p+:2]), .event_diff_o(diff[2*p+:2]),
      .taken_i(taken[2*p+:2])
    );
  end

  ganglion_delta_output #(
    .Units(Units), .AccBits(AccBits), .OutBits(OutBits), .OutSigned(OutSigned), .OutShift(OutShift),
    .Words(OutWords)
  ) u_output (
    .clk_i, .rst_ni(!rst_q), .start_i(in_tvalid_i && in_tready_o && in_first), .room_o(room),
    .valid_i(active[0] && outputs), .acc_i(acc), .tdata_o(out_tdata_o), .tvalid_o(out_tvalid_o),
    .tready_i(out_tready_i)
  );
endmodule

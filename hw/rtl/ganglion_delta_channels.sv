// All channels: unit u sends by channel u mod Channels, the value i of an input word by channel i.
// Latency 0: an event a cycle and channel.
// No handshake but taken_o, which takes a unit's event; inputs and lanes never wait.
// Golden: hw.engines.delta.cycles.
module ganglion_delta_channels #(
  parameter  int unsigned Lanes      = 8,
  parameter  int unsigned Channels   = 4,
  parameter  int unsigned InValues   = 4,
  parameter  int unsigned Scans      = 2,
  parameter  int unsigned Ids        = 90,
  parameter  int unsigned IdBits     = 7,
  parameter  int unsigned RowBits    = 5,
  parameter  int unsigned WordBits   = 2,
  parameter  int unsigned DiffBits   = 9,
  localparam int unsigned Units      = 2 * Lanes,
  localparam int unsigned Slots      = (Units + Channels - 1) / Channels,
  localparam int unsigned ScanBits   = Scans > 1 ? $clog2(Scans) : 1,
  parameter  logic [Channels-1:0][Scans-1:0][Slots-1:0][IdBits-1:0] Bases = '0,
  parameter               MaskPrefix = ""  // of a file for each channel: <prefix>0.dat on
) (
  input  logic [ScanBits-1:0]               scan_i,
  input  logic [Units-1:0]                  event_i,
  input  logic [Units-1:0][RowBits-1:0]     row_i,
  input  logic [Units-1:0][DiffBits-1:0]    diff_i,
  output logic [Units-1:0]                  taken_o,
  input  logic [InValues-1:0]               in_event_i,
  input  logic [WordBits-1:0]               in_word_i,
  input  logic [InValues-1:0][DiffBits-1:0] in_diff_i,
  output logic [Lanes-1:0][Channels-1:0]    push_o,
  output logic [Channels-1:0][IdBits-1:0]   id_o,
  output logic [Channels-1:0][DiffBits-1:0] diff_o
);
  if (Channels < 1 || Channels > 8 || Channels > Units || InValues > Channels) begin : g_bad
    $error("ganglion_delta_channels: Channels %0d (to 8, to %0d units), InValues %0d (to Channels)",
           Channels, Units, InValues);
  end

  for (genvar c = 0; c < Channels; c++) begin : g_channel
    localparam bit Inputs = c < InValues;
    localparam int unsigned InLane = Inputs ? c : 0;
    localparam logic [7:0] Digit = 8'd48 + 8'(c);  // ASCII
    logic [Slots-1:0] has_event, taken;
    logic [Slots-1:0][RowBits-1:0] row;
    logic [Slots-1:0][DiffBits-1:0] diff;
    logic [Lanes-1:0] push;

    for (genvar s = 0; s < Slots; s++) begin : g_slot
      if (s * Channels + c < Units) begin : g_unit
        assign {has_event[s], row[s], diff[s]} =
               {event_i[s*Channels+c], row_i[s*Channels+c], diff_i[s*Channels+c]};
        assign taken_o[s*Channels+c] = taken[s];
      end else begin : g_none
        assign {has_event[s], row[s], diff[s]} = '0;
        logic unused_taken;
        assign unused_taken = taken[s];
      end
    end

    ganglion_delta_channel #(
      .Lanes(Lanes), .Slots(Slots), .Scans(Scans), .Ids(Ids), .IdBits(IdBits), .RowBits(RowBits),
      .DiffBits(DiffBits), .Bases(Bases[c]),
      .MaskFile({MaskPrefix, Digit, ".dat"})
    ) u_channel (
      .scan_i, .event_i(has_event), .row_i(row), .diff_i(diff), .taken_o(taken),
      .input_i(Inputs && in_event_i[InLane]), .input_id_i(IdBits'(in_word_i)),
      .input_diff_i(in_diff_i[InLane]), .push_o(push), .id_o(id_o[c]), .diff_o(diff_o[c])
    );
    for (genvar p = 0; p < Lanes; p++) begin : g_push
      assign push_o[p][c] = push[p];
    end
  end
endmodule

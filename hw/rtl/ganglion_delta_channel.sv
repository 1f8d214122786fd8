// Brings the events of some units, or of inputs, to the lanes that hold a part of their columns.
// Latency 0: an event a cycle, of the lowest unit that has one.
// No handshake but taken_o, which takes a unit's event; an input's never waits, nor does a lane.
// Golden: hw.engines.delta.cycles; the masks are those of hw.engines.delta.program.
module ganglion_delta_channel #(
  parameter  int unsigned Lanes     = 8,
  parameter  int unsigned Slots     = 4,   // units
  parameter  int unsigned Scans     = 2,   // hidden layers
  parameter  int unsigned Ids       = 90,
  parameter  int unsigned IdBits    = 7,
  parameter  int unsigned RowBits   = 5,
  parameter  int unsigned DiffBits  = 9,
  // What makes a row of a unit an id: a base for each hidden layer and unit in it.
  parameter  logic [Scans-1:0][Slots-1:0][IdBits-1:0] Bases = '0,
  parameter               MaskFile  = "",
  localparam int unsigned ScanBits  = Scans > 1 ? $clog2(Scans) : 1
) (
  input  logic [ScanBits-1:0]             scan_i,  // which hidden layer's rows are scanned
  input  logic [Slots-1:0]                event_i,
  input  logic [Slots-1:0][RowBits-1:0]   row_i,
  input  logic [Slots-1:0][DiffBits-1:0]  diff_i,
  output logic [Slots-1:0]                taken_o,
  input  logic                            input_i,
  input  logic [IdBits-1:0]               input_id_i,
  input  logic [DiffBits-1:0]             input_diff_i,
  output logic [Lanes-1:0]                push_o,
  output logic [IdBits-1:0]               id_o,
  output logic [DiffBits-1:0]             diff_o
);
  if (Ids < 1 || Ids > 1 << IdBits) begin : g_bad
    $error("ganglion_delta_channel: Ids %0d, allowed 1 to 2**%0d", Ids, IdBits);
  end

  logic [Lanes-1:0] masks [Ids];
  initial if (MaskFile != "") $readmemh(MaskFile, masks);

  logic [RowBits-1:0] row;
  logic [IdBits-1:0] base;
  logic [DiffBits-1:0] diff;

  assign taken_o = event_i & (~event_i + 1'b1);
  always_comb begin
    {row, base, diff} = '0;
    for (int unsigned s = 0; s < Slots; s++) begin
      if (taken_o[s]) begin
        row  = row | row_i[s];
        diff = diff | diff_i[s];
        base = base | Bases[scan_i][s];
      end
    end
  end

  assign id_o   = input_i ? input_id_i : base + IdBits'(row);
  assign diff_o = input_i ? input_diff_i : diff;
  assign push_o = masks[id_o] & {Lanes{input_i || event_i != '0}};
endmodule

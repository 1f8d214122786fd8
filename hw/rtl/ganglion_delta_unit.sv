// Half of a lane's neurons: accumulators, what was last sent, and the scan for what changed.
// Latency 1 cycle from add_i to a sum that is read, and from a row's scan to its event; interval 1.
// A handshake for events: one stays until taken_i, and the scan waits; sums never wait.
// Golden: models.delta.DeltaNetwork, its cycles hw.engines.delta.cycles.
module ganglion_delta_unit #(
  parameter  int unsigned        Rows        = 24,
  parameter  int unsigned        ActBits     = 8,
  parameter  int unsigned        ProductBits = 16,
  parameter  int unsigned        AccBits     = 22,
  parameter  int unsigned        Modes       = 1,
  parameter  logic [8*Modes-1:0] Shifts      = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths      = {Modes{8'd8}},
  localparam int unsigned        RowBits     = Rows > 1 ? $clog2(Rows) : 1,
  localparam int unsigned        ModeBits    = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          clear_i,
  input  logic        [RowBits-1:0]     clear_row_i,
  input  logic        [AccBits-1:0]     clear_acc_i,
  input  logic        [ActBits-1:0]     clear_sent_i,
  input  logic                          add_i,
  input  logic        [RowBits-1:0]     add_row_i,
  input  logic signed [ProductBits-1:0] product_i,
  input  logic                          carry_i,   // one more
  input  logic                          start_i,   // of a scan from row first_i to last_i
  input  logic        [RowBits-1:0]     first_i,
  input  logic        [RowBits-1:0]     last_i,
  input  logic        [ModeBits-1:0]    mode_i,
  input  logic        [ActBits:0]       threshold_i,
  input  logic                          sends_i,   // else rows are only read
  output logic                          active_o,
  output logic signed [AccBits-1:0]     acc_o,     // of the row that is scanned
  output logic                          value_we_o,
  output logic        [ActBits-1:0]     value_o,   // its activation; for taps
  output logic                          event_o,
  output logic        [RowBits-1:0]     event_row_o,
  output logic signed [ActBits:0]       event_diff_o,
  input  logic                          taken_i
);
  if (Rows < 1 || ProductBits >= AccBits || ActBits > AccBits) begin : g_bad
    $error("ganglion_delta_unit: Rows %0d (from 1), ProductBits %0d below AccBits %0d",
           Rows, ProductBits, AccBits);
  end

  (* ram_style = "distributed" *) logic [AccBits-1:0] accs_q [1 << RowBits];
  (* ram_style = "distributed" *) logic [ActBits-1:0] sent_q [1 << RowBits];

  // A sum is read, added to and written back in one cycle: the next product may be of the same row.
  logic [RowBits-1:0] sum_row;
  logic [AccBits:0] sum;
  logic unused_sum;
  assign unused_sum = sum[0];
  assign sum_row = clear_i ? clear_row_i : add_row_i;
  assign sum     = {accs_q[sum_row], 1'b1} + {AccBits'(product_i), carry_i};
  always_ff @(posedge clk_i) begin
    if (clear_i || add_i) accs_q[sum_row] <= clear_i ? clear_acc_i : sum[AccBits:1];
  end

  logic [RowBits-1:0] row_q, sent_row;
  logic signed [ActBits:0] diff;
  logic advance, sends;

  assign acc_o = accs_q[row_q];
  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(ActBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
  ) u_requantize (
    .acc_i(acc_o), .mode_i, .out_o(value_o)
  );
  assign sent_row   = clear_i ? clear_row_i : row_q;
  assign diff       = {1'b0, value_o} - {1'b0, sent_q[sent_row]};
  assign advance    = active_o && (!event_o || taken_i);
  assign sends      = sends_i && (diff > $signed(threshold_i) || diff < -$signed(threshold_i));
  assign value_we_o = advance && sends_i;

  always_ff @(posedge clk_i) begin
    if (clear_i || (advance && sends)) sent_q[sent_row] <= clear_i ? clear_sent_i : value_o;
    if (advance) {event_row_o, event_diff_o} <= {row_q, diff};
    if (start_i) row_q <= first_i;
    else if (advance) row_q <= row_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    active_o <= rst_ni && (start_i || (active_o && !(advance && row_q == last_i)));
    event_o  <= rst_ni && (advance ? sends : event_o && !taken_i);
  end

`ifndef SYNTHESIS
  wire signed [31:0] exact = 32'($signed(accs_q[sum_row])) + 32'(product_i) + 32'(carry_i);
  assert property (@(posedge clk_i) disable iff (!rst_ni)
                   !add_i || clear_i || exact == 32'($signed(sum[AccBits:1])))
    else $error("ganglion_delta_unit: accumulator of %0d bits overflows: %0d", AccBits, exact);
`endif
endmodule

// A lane: walks columns of events, multiplies each difference by pairs of weights, for two units.
// Latency 5 cycles from an event's push_i to its first sum, an entry of a column every cycle.
// A handshake for events: a unit's stays until its taken_i; pushes never wait.
// Golden: models.delta.DeltaNetwork, its cycles hw.engines.delta.cycles.
module ganglion_delta_lane #(
  parameter  int unsigned        Channels   = 4,
  parameter  int unsigned        IdBits     = 7,
  parameter  int unsigned        QueueDepth = 32,
  parameter  int unsigned        LengthBits = 4,
  parameter  int unsigned        Bits       = 36,
  parameter  int unsigned        Words      = 560,
  parameter  int unsigned        StartWord  = 512,
  parameter  int unsigned        Rows       = 24,
  parameter  int unsigned        ActBits    = 8,
  parameter  int unsigned        WeightBits = 8,
  parameter  int unsigned        AccBits    = 22,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  parameter  bit                 Packed     = 1,  // one multiplier for both weights
  parameter                      ColumnFile = "",
  localparam int unsigned        RowBits    = Rows > 1 ? $clog2(Rows) : 1,
  localparam int unsigned        ModeBits   = Modes > 1 ? $clog2(Modes) : 1
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  input  logic                             clear_i,
  input  logic [RowBits:0]                 clear_word_i,  // 2 row + unit
  input  logic [Channels-1:0]              push_i,
  input  logic [Channels-1:0][IdBits-1:0]  id_i,
  input  logic [Channels-1:0][ActBits:0]   diff_i,
  input  logic                             start_i,
  input  logic [RowBits-1:0]               first_i,
  input  logic [RowBits-1:0]               last_i,
  input  logic [ModeBits-1:0]              mode_i,
  input  logic [ActBits:0]                 threshold_i,
  input  logic                             sends_i,
  output logic                             idle_o,
  output logic [1:0]                       active_o,
  output logic [1:0][AccBits-1:0]          acc_o,
  output logic [1:0]                       value_we_o,
  output logic [1:0][ActBits-1:0]          value_o,
  output logic [1:0]                       event_o,
  output logic [1:0][RowBits-1:0]          event_row_o,
  output logic [1:0][ActBits:0]            event_diff_o,
  input  logic [1:0]                       taken_i
);
  // An entry, low bits first: the weights, packed or one after the other, and the row of each.
  localparam int unsigned ProductBits = WeightBits + ActBits;
  localparam int unsigned PairBits    = Packed ? ProductBits + WeightBits : 2 * WeightBits;
  if (Bits < PairBits + 2 * RowBits || Bits < AccBits + ActBits) begin : g_bad
    $error("ganglion_delta_lane: words of %0d bits hold no %0d of weights and 2 rows of %0d",
           Bits, PairBits, RowBits);
  end

  logic walked, valid_q, clear_q, carry;
  logic [RowBits:0] clear_word_q;
  logic [Bits-1:0] entry;
  logic signed [ActBits:0] diff;
  logic [1:0][RowBits-1:0] row_q;
  logic signed [1:0][ProductBits-1:0] product;

  ganglion_delta_walker #(
    .Channels(Channels), .IdBits(IdBits), .DiffBits(ActBits + 1), .QueueDepth(QueueDepth),
    .LengthBits(LengthBits), .Bits(Bits), .Words(Words), .StartWord(StartWord),
    .ColumnFile(ColumnFile), .ClearBits(RowBits + 1)
  ) u_walker (
    .clk_i, .rst_ni, .clear_i, .clear_word_i, .push_i, .id_i, .diff_i, .idle_o,
    .valid_o(walked), .entry_o(entry), .diff_o(diff)
  );

  if (Packed) begin : g_packed
    // The low product borrows one from the high one when it is negative.
    logic signed [2*ProductBits-1:0] both_q;
    always_ff @(posedge clk_i) both_q <= $signed(entry[PairBits-1:0]) * diff;
    assign {product[1], product[0]} = both_q;
    assign carry = both_q[ProductBits-1];
  end else begin : g_pair
    logic signed [1:0][ProductBits-1:0] product_q;
    always_ff @(posedge clk_i) begin
      for (int unsigned i = 0; i < 2; i++) begin
        product_q[i] <= $signed(entry[i*WeightBits+:WeightBits]) * diff;
      end
    end
    assign product = product_q;
    assign carry   = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    row_q        <= entry[PairBits+:2*RowBits];
    clear_word_q <= clear_word_i;
    clear_q      <= rst_ni && clear_i;
    valid_q      <= rst_ni && walked;
  end

  logic unused_entry;
  assign unused_entry = ^entry;
  for (genvar i = 0; i < 2; i++) begin : g_unit
    ganglion_delta_unit #(
      .Rows(Rows), .ActBits(ActBits), .ProductBits(ProductBits), .AccBits(AccBits), .Modes(Modes),
      .Shifts(Shifts), .Widths(Widths)
    ) u_unit (
      .clk_i, .rst_ni,
      .clear_i(clear_q && clear_word_q[0] == 1'(i)), .clear_row_i(clear_word_q[RowBits:1]),
      .clear_acc_i(entry[AccBits-1:0]), .clear_sent_i(entry[AccBits+:ActBits]),
      .add_i(valid_q), .add_row_i(row_q[i]), .product_i(product[i]),
      .carry_i(i == 1 && carry),
      .start_i, .first_i, .last_i, .mode_i, .threshold_i, .sends_i, .active_o(active_o[i]),
      .acc_o(acc_o[i]), .value_we_o(value_we_o[i]), .value_o(value_o[i]), .event_o(event_o[i]),
      .event_row_o(event_row_o[i]), .event_diff_o(event_diff_o[i]), .taken_i(taken_i[i])
    );
  end
endmodule

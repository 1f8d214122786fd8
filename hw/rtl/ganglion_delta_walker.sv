// Queues a lane's events, one queue a channel, and walks the lane's part of each event's column.
// Latency 3 cycles from push_i to the column's first entry at entry_o, interval 1 an entry.
// No handshake: no queue can overflow (hw.engines.delta.program counts); idle_o once all is walked.
// Golden: the columns of hw.engines.delta.program, their number hw.engines.delta.cycles.
module ganglion_delta_walker #(
  parameter  int unsigned Channels    = 4,
  parameter  int unsigned IdBits      = 7,    // of a channel's neurons
  parameter  int unsigned DiffBits    = 9,
  parameter  int unsigned QueueDepth  = 32,
  parameter  int unsigned LengthBits  = 4,    // of a column's entries, less one
  parameter  int unsigned Bits        = 36,
  parameter  int unsigned Words       = 560,
  parameter  int unsigned StartWord   = 512,  // where the state of an episode's start lies
  parameter               ColumnFile  = "",
  parameter  int unsigned ClearBits   = 6,
  localparam int unsigned AddressBits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic                              clear_i,  // reads a word of the start's state
  input  logic [ClearBits-1:0]              clear_word_i,
  input  logic [Channels-1:0]               push_i,
  input  logic [Channels-1:0][IdBits-1:0]   id_i,
  input  logic [Channels-1:0][DiffBits-1:0] diff_i,
  output logic                              idle_o,
  output logic                              valid_o,
  output logic [Bits-1:0]                   entry_o,
  output logic [DiffBits-1:0]               diff_o
);
  localparam int unsigned EventBits = IdBits + DiffBits;
  if (StartWord >= Words || StartWord < Channels << IdBits ||
      Bits < AddressBits + LengthBits) begin : g_bad
    $error("ganglion_delta_walker: StartWord %0d below Words %0d, from Channels %0d << IdBits %0d",
           StartWord, Words, Channels, IdBits);
  end

  logic [Channels-1:0] waits, chosen;
  logic [Channels-1:0][EventBits-1:0] head;
  logic [EventBits-1:0] event_word;
  logic [AddressBits-1:0] find_addr, entry_addr, next_q;
  logic [LengthBits-1:0] left, left_q;
  logic [DiffBits-1:0] diff_q;
  logic [Bits-1:0] found;
  logic fetch, walks_q, first_q, last;

  for (genvar c = 0; c < Channels; c++) begin : g_queue
    ganglion_output_fifo #(.Bits(EventBits), .Depth(QueueDepth)) u_queue (
      .clk_i, .rst_ni, .push_i(push_i[c]), .data_i({id_i[c], diff_i[c]}), .m_valid_o(waits[c]),
      .m_data_o(head[c]), .m_ready_i(fetch && chosen[c])
    );
  end

  // The lowest channel first: whichever it is, a lane with events is never idle.
  assign chosen = waits & (~waits + 1'b1);
  always_comb begin
    event_word = '0;
    find_addr  = '0;
    for (int unsigned c = 0; c < Channels; c++) begin
      if (chosen[c]) begin
        event_word = event_word | head[c];
        find_addr  = find_addr | AddressBits'({c, head[c][DiffBits+:IdBits]});
      end
    end
  end

  // Where a column's entries begin, and how many more than one they are.
  logic unused_found;
  assign unused_found = ^found;
  assign fetch      = waits != '0 && (!walks_q || last);
  assign left       = first_q ? found[AddressBits+:LengthBits] : left_q;
  assign last       = walks_q && left == '0;
  assign entry_addr = first_q ? found[AddressBits-1:0] : next_q;
  assign idle_o     = waits == '0 && !walks_q;

  ganglion_delta_columns #(.Bits(Bits), .Words(Words), .ColumnFile(ColumnFile)) u_columns (
    .clk_i, .find_i(fetch), .find_addr_i(find_addr), .find_o(found),
    .entry_addr_i(clear_i ? AddressBits'(StartWord) + AddressBits'(clear_word_i) : entry_addr),
    .entry_o
  );

  always_ff @(posedge clk_i) begin
    if (fetch) diff_q <= event_word[DiffBits-1:0];
    first_q <= fetch;
    next_q  <= entry_addr + 1'b1;
    left_q  <= left - 1'b1;
    diff_o  <= diff_q;
  end

  always_ff @(posedge clk_i) begin
    walks_q <= rst_ni && (fetch || (walks_q && !last));
    valid_o <= rst_ni && walks_q;
  end
endmodule

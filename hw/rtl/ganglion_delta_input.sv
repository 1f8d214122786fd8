// An input vector from its stream: what differs by more than a threshold from what was last sent.
// Latency 1 cycle from a word to its events, interval 1 (they never wait).
// AXI-Stream handshake: ready while open_i, to a vector's last word; done_o behind its events.
// Golden: models.delta.DeltaNetwork.
module ganglion_delta_input #(
  parameter  int unsigned Width     = 4,  // values a word
  parameter  int unsigned Words     = 3,
  parameter  int unsigned InBits    = 8,
  parameter  bit          InSigned  = 1,
  parameter  int unsigned DiffBits  = 9,
  parameter  int unsigned Threshold = 0,
  localparam int unsigned WordBits  = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           clear_i,
  input  logic [WordBits-1:0]            clear_word_i,
  input  logic                           open_i,
  input  logic                           restart_i,  // forgets that the last word came
  input  logic [Width*InBits-1:0]        tdata_i,
  input  logic                           tvalid_i,
  output logic                           tready_o,
  output logic                           first_o,    // the next word is a vector's first
  output logic                           done_o,
  output logic [Width-1:0]               event_o,
  output logic [WordBits-1:0]            word_o,
  output logic [Width-1:0][DiffBits-1:0] diff_o
);
  localparam logic signed [DiffBits-1:0] Most = DiffBits'(Threshold);
  if (Width < 1 || Words < 1 || DiffBits <= InBits) begin : g_bad
    $error("ganglion_delta_input: Width %0d, Words %0d (from 1), InBits %0d below DiffBits %0d",
           Width, Words, InBits, DiffBits);
  end

  logic accept, full_q;
  logic [WordBits-1:0] word_q, sent_word;

  assign tready_o  = open_i && !full_q;
  assign accept    = tvalid_i && tready_o;
  assign first_o   = word_q == '0;
  assign done_o    = full_q && event_o == '0;
  assign sent_word = clear_i ? clear_word_i : word_q;

  for (genvar i = 0; i < Width; i++) begin : g_value
    (* ram_style = "distributed" *) logic [InBits-1:0] sent_q [1 << WordBits];
    logic [InBits-1:0] value, sent;
    logic signed [DiffBits-1:0] diff;
    logic sends;

    assign value    = tdata_i[i*InBits+:InBits];
    assign sent     = sent_q[sent_word];
    assign diff     = {{(DiffBits - InBits){InSigned && value[InBits-1]}}, value}
                    - {{(DiffBits - InBits){InSigned && sent[InBits-1]}}, sent};
    assign sends    = diff > Most || diff < -Most;

    always_ff @(posedge clk_i) begin
      if (clear_i || (accept && sends)) sent_q[sent_word] <= clear_i ? '0 : value;
      diff_o[i]  <= diff;
      event_o[i] <= rst_ni && accept && sends;
    end
  end

  always_ff @(posedge clk_i) begin
    word_o <= word_q;
    if (!rst_ni) begin
      word_q <= '0;
      full_q <= 1'b0;
    end else begin
      if (accept) word_q <= word_q == WordBits'(Words - 1) ? '0 : word_q + 1'b1;
      if (restart_i) full_q <= 1'b0;
      else if (accept && word_q == WordBits'(Words - 1)) full_q <= 1'b1;
    end
  end
endmodule

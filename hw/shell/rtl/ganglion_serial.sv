// The register block on a serial line, 8N1: a frame asks, a frame answers (docs/serial.md).
// Latency from a request's last byte to its answer's first: ganglion_serial_execute's and 3 cycles.
// No handshake: what comes before the answer to the last request was sent is not heard.
// Golden: deploy.transports.frame
module ganglion_serial #(
  parameter int unsigned ClocksPerBit  = 16,
  parameter int unsigned GapBytes      = 64,  // of silence forget a frame that is not whole
  parameter int unsigned AddressBits   = 12,
  parameter int unsigned Control       = 0,
  parameter int unsigned Status        = 0,
  parameter int unsigned Cycles        = 0,
  parameter int unsigned Action        = 0,
  parameter int unsigned ActionWords   = 1,
  parameter int unsigned Start         = 0,
  parameter int unsigned FreeRunning   = 0,
  parameter int unsigned Busy          = 0,
  parameter int unsigned Done          = 0,
  parameter int unsigned TimeoutCycles = 1 << 24
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   rx_i,
  output logic                   tx_o,
  output logic                   write_o,
  output logic                   read_o,
  output logic [AddressBits-1:0] address_o,
  output logic [31:0]            write_data_o,
  output logic                   bad_access_o,
  input  logic                   write_error_i,
  input  logic [31:0]            read_data_i,
  input  logic                   read_error_i
);
  localparam int unsigned GapCycles = 10 * GapBytes * ClocksPerBit;

  logic in_valid, in_error, out_valid, out_ready;
  logic [7:0] in_byte, out_byte;
  logic asked, busy, answer, answering, ask_we, answer_we;
  logic [7:0] op, seq, asked_count, answer_count, status, ask_index, work_index, send_index;
  logic [15:0] asked_address;
  logic [31:0] ask_word, answer_word, word, word_q;

  ganglion_uart_receiver #(.ClocksPerBit(ClocksPerBit)) u_receiver (
    .clk_i, .rst_ni, .rx_i, .valid_o(in_valid), .error_o(in_error), .data_o(in_byte)
  );

  ganglion_serial_request #(.GapCycles(GapCycles)) u_request (
    .clk_i, .rst_ni, .hold_i(busy), .valid_i(in_valid), .error_i(in_error), .data_i(in_byte),
    .we_o(ask_we), .index_o(ask_index), .word_o(ask_word),
    .valid_o(asked), .op_o(op), .seq_o(seq), .count_o(asked_count), .address_o(asked_address)
  );

  ganglion_serial_execute #(
    .AddressBits(AddressBits), .Control(Control), .Status(Status), .Cycles(Cycles),
    .Action(Action), .ActionWords(ActionWords), .Start(Start), .FreeRunning(FreeRunning),
    .Busy(Busy), .Done(Done), .TimeoutCycles(TimeoutCycles)
  ) u_execute (
    .clk_i, .rst_ni, .valid_i(asked), .busy_o(busy), .op_i(op), .count_i(asked_count),
    .address_i(asked_address), .answer_o(answer), .answering_i(answering), .status_o(status),
    .count_o(answer_count), .we_o(answer_we), .index_o(work_index), .word_o(answer_word),
    .word_i(word), .write_o, .read_o, .address_o, .write_data_o, .bad_access_o, .write_error_i,
    .read_data_i, .read_error_i
  );

  // One memory for both: a request's words are read before the answer's are written in their place.
  ganglion_serial_words u_words (
    .clk_i, .we_i(ask_we || answer_we), .windex_i(busy ? work_index : ask_index),
    .word_i(busy ? answer_word : ask_word), .rindex_i(answering ? send_index : work_index),
    .word_o(word)
  );

  always_ff @(posedge clk_i) word_q <= word;  // the checksum's path begins here, not in the memory

  ganglion_serial_response u_response (
    .clk_i, .rst_ni, .start_i(answer), .busy_o(answering), .op_i(op), .seq_i(seq),
    .status_i(status), .count_i(answer_count), .index_o(send_index), .word_i(word_q),
    .valid_o(out_valid), .ready_i(out_ready), .data_o(out_byte)
  );

  ganglion_uart_transmitter #(.ClocksPerBit(ClocksPerBit)) u_transmitter (
    .clk_i, .rst_ni, .valid_i(out_valid), .ready_o(out_ready), .data_i(out_byte), .tx_o
  );
endmodule

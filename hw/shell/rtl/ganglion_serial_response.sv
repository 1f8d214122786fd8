// A response's frame into bytes: 0x67, op, seq, status, count, payload (4 * count), CRC (2).
// Latency 1 cycle from start_i to the first byte; interval a frame.
// Valid/ready handshake to the line, ready_i at most every third cycle; start_i when not busy_o.
// Golden: deploy.transports.frame.parse
module ganglion_serial_response (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        start_i,
  output logic        busy_o,
  input  logic [7:0]  op_i,      // these stay until busy_o falls
  input  logic [7:0]  seq_i,
  input  logic [7:0]  status_i,
  input  logic [7:0]  count_i,
  output logic [7:0]  index_o,   // a word of the payload,
  input  logic [31:0] word_i,    // two cycles later
  output logic        valid_o,
  input  logic        ready_i,
  output logic [7:0]  data_o
);
  localparam logic [7:0] Magic = 8'h67;
  typedef enum logic [3:0] {
    Idle, Start, Op, Seq, Status, Count, Payload, CrcLow, CrcHigh
  } state_e;

  state_e state_q;
  logic [15:0] crc_q, crc_next;
  logic [7:0] index_q;
  logic [1:0] byte_q;
  logic sent, last_byte;

  ganglion_crc16 u_crc (.crc_i(crc_q), .data_i(data_o), .crc_o(crc_next));

  assign busy_o    = state_q != Idle;
  assign valid_o   = busy_o;
  assign sent      = valid_o && ready_i;
  assign index_o   = index_q;
  assign last_byte = byte_q == '1 && index_q == count_i - 1'b1;

  always_comb begin
    unique case (state_q)
      Op:      data_o = op_i;
      Seq:     data_o = seq_i;
      Status:  data_o = status_i;
      Count:   data_o = count_i;
      Payload: data_o = word_i[8*byte_q+:8];
      CrcLow:  data_o = crc_q[7:0];
      CrcHigh: data_o = crc_q[15:8];
      default: data_o = Magic;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (sent) begin
      byte_q  <= state_q == Payload ? byte_q + 1'b1 : '0;
      index_q <= state_q == Payload ? index_q + 8'(byte_q == '1) : '0;
      if (state_q == Start) crc_q <= '1;
      else if (state_q != CrcLow) crc_q <= crc_next;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else if (!busy_o) begin
      if (start_i) state_q <= Start;
    end else if (sent) begin
      unique case (state_q)
        Count:   state_q <= count_i == '0 ? CrcLow : Payload;
        Payload: if (last_byte) state_q <= CrcLow;
        CrcHigh: state_q <= Idle;
        default: state_q <= state_e'(state_q + 1'b1);
      endcase
    end
  end
endmodule

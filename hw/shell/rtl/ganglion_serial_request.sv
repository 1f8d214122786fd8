// A request's frame out of bytes: 0x47, op, seq, count, address (2), payload (4 * count), CRC (2).
// Latency 1 cycle from the last byte to valid_o; interval a frame.
// No handshake: valid_o for a cycle; what comes under hold_i or with a wrong CRC is dropped.
// Golden: deploy.transports.frame.request
module ganglion_serial_request #(
  parameter int unsigned GapCycles = 10240  // of silence forget a frame that is not whole
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        hold_i,
  input  logic        valid_i,
  input  logic        error_i,
  input  logic [7:0]  data_i,
  output logic        we_o,                  // a word of the payload
  output logic [7:0]  index_o,
  output logic [31:0] word_o,
  output logic        valid_o,
  output logic [7:0]  op_o,
  output logic [7:0]  seq_o,
  output logic [7:0]  count_o,
  output logic [15:0] address_o
);
  localparam logic [7:0] Magic = 8'h47;
  localparam logic [7:0] OpRead = 8'd1;
  localparam int unsigned GapBits = $clog2(GapCycles + 1);
  typedef enum logic [3:0] {
    Start, Op, Seq, Count, AddressLow, AddressHigh, Payload, CrcLow, CrcHigh
  } state_e;
  if (GapCycles < 1) begin : gen_check
    $error("ganglion_serial_request: GapCycles %0d, allowed from 1", GapCycles);
  end

  state_e state_q;
  logic [7:0] op_q, seq_q, count_q, index_q;
  logic [15:0] address_q, crc_q, crc_next;
  logic [23:0] word_q;
  logic [1:0] byte_q;
  logic [GapBits-1:0] gap_q;
  logic good_q, take;

  ganglion_crc16 u_crc (.crc_i(crc_q), .data_i, .crc_o(crc_next));

  assign take      = valid_i && !hold_i;
  assign we_o      = take && state_q == Payload && byte_q == '1;
  assign index_o   = index_q;
  assign word_o    = {data_i, word_q};
  assign op_o      = op_q;
  assign seq_o     = seq_q;
  assign count_o   = count_q;
  assign address_o = address_q;

  always_ff @(posedge clk_i) begin
    if (take) begin
      crc_q <= state_q == Start ? '1 : crc_next;
      unique case (state_q)
        Op:          op_q <= data_i;
        Seq:         seq_q <= data_i;
        Count:       count_q <= data_i;
        AddressLow:  address_q[7:0] <= data_i;
        AddressHigh: address_q[15:8] <= data_i;
        default: ;
      endcase
      word_q  <= {data_i, word_q[23:8]};
      byte_q  <= state_q == Payload ? byte_q + 1'b1 : '0;
      index_q <= state_q == Payload ? index_q + 8'(we_o) : '0;
    end
    // The CRC's own two bytes are not part of it: crc_q waits while they come.
    if (take && (state_q == CrcLow || state_q == CrcHigh)) crc_q <= crc_q;
    if (take && state_q == CrcLow) good_q <= data_i == crc_q[7:0];
  end

  always_ff @(posedge clk_i) begin
    valid_o <= take && state_q == CrcHigh && good_q && data_i == crc_q[15:8];
    gap_q   <= take || state_q == Start ? '0 : gap_q + 1'b1;
    if (take) begin
      unique case (state_q)
        Start:       if (data_i == Magic) state_q <= Op;
        AddressHigh: state_q <= op_q == OpRead || count_q == '0 ? CrcLow : Payload;
        Payload:     if (we_o && index_q == count_q - 1'b1) state_q <= CrcLow;
        CrcHigh:     state_q <= Start;
        default:     state_q <= state_e'(state_q + 1'b1);
      endcase
    end
    if (!rst_ni || error_i || gap_q == GapBits'(GapCycles)) begin
      state_q <= Start;
      gap_q   <= '0;
    end
    if (!rst_ni) valid_o <= 1'b0;
  end
endmodule

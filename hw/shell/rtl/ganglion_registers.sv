// The register block behind every bus: header, observation and action of an accelerator.
// Latency 1 cycle from read_i to read_data_o, 0 to write_error_o; interval 1 for each.
// Handshake: none, a read and a write are taken in any cycle; a forbidden one is a sticky flag.
// Golden: ganglion.hw.shell.registers, the map; the integers are those of the accelerator.
module ganglion_registers #(
  parameter int unsigned AddressBits       = 12,
  parameter int unsigned ObservationWords  = 3,
  parameter int unsigned LastByte          = 2,   // of the last value, in the last observation word
  parameter logic [31:0] ObservationShape  = 32'h0108_000B,
  parameter int unsigned ActionWords       = 1,
  parameter logic [31:0] ActionShape       = 32'h0108_0003,
  parameter logic [127:0] Policy           = '0   // first byte of the hash in the low bits
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   write_i,
  input  logic [AddressBits-1:0] write_address_i,
  input  logic [31:0]            write_data_i,
  input  logic [3:0]             write_strobe_i,
  output logic                   write_error_o,
  input  logic                   read_i,
  input  logic [AddressBits-1:0] read_address_i,
  output logic [31:0]            read_data_o,   // held until the next read_i
  output logic                   read_error_o,
  input  logic                   bad_access_i,  // the bus has refused an access by itself
  output logic                   interrupt_o,
  output logic                   done_o,        // of the status: an inference ended,
  output logic                   error_o,       // and any of the sticky errors
  output logic                   core_rst_no,   // resets what hangs on the two streams
  output logic [31:0]            m_data_o,      // observation words
  output logic                   m_valid_o,
  input  logic                   m_ready_i,
  input  logic [31:0]            s_data_i,      // action words
  input  logic                   s_last_i,
  input  logic                   s_valid_i
);
  localparam logic [31:0] Identity = 32'h474E_474C;  // "GNGL"
  localparam logic [31:0] Version  = 32'd1;
  localparam int unsigned Header   = 13;  // words
  localparam int unsigned Control  = 8;   // their indices
  localparam int unsigned ObsBits  = ObservationWords > 1 ? $clog2(ObservationWords) : 1;
  localparam int unsigned ActBits  = ActionWords > 1 ? $clog2(ActionWords) : 1;
  localparam int unsigned Index    = AddressBits - 2;  // bits of a word's index
  localparam int unsigned ObsRoom  = 1 << (Index - 1);
  localparam int unsigned ActRoom  = 1 << (Index - 2);

  if (AddressBits < 12 || AddressBits > 16 || ObservationWords > ObsRoom || ActionWords > ActRoom)
  begin : g_bad
    $error("ganglion_registers: %0d address bits, allowed 12 to 16, for %0d and %0d words",
           AddressBits, ObservationWords, ActionWords);
  end

  // The upper half of the addresses is the observation, the upper half of the rest the action.
  logic [Index-1:0] write_word, read_word;
  logic in_observation, in_control, in_action, in_header, ends_observation;
  assign write_word       = write_address_i[AddressBits-1:2];
  assign read_word        = read_address_i[AddressBits-1:2];
  assign in_observation   = write_word[Index-1] && 32'(write_word[Index-2:0]) < ObservationWords;
  assign in_control       = write_word == Index'(Control);
  assign ends_observation = in_observation && 32'(write_word[Index-2:0]) == ObservationWords - 1;
  assign in_action        = read_word[Index-1-:2] == 2'b01 &&
                            32'(read_word[Index-3:0]) < ActionWords;
  assign in_header        = 32'(read_word) < Header;

  logic [3:0][31:0] policy;
  assign policy = Policy;

  logic busy_q, done_q, free_running_q, interrupt_enable_q, bad_access_q, busy_write_q;
  logic core_rst_nq;
  logic [31:0] cycles_q, inferences_q, clock_q, header_q, action_data;
  logic aligned, control, load, start, reset, asked, blocked, write_bad, read_bad, done;
  logic from_action_q;
  assign aligned   = write_address_i[1:0] == '0;
  assign blocked   = busy_q || !core_rst_nq;
  assign control   = write_i && aligned && in_control && write_strobe_i[0];
  assign load      = write_i && aligned && in_observation;
  assign reset     = control && write_data_i[4];
  assign asked     = (control && write_data_i[0] && !reset) ||
                     (load && free_running_q && ends_observation && write_strobe_i[LastByte]);
  assign start     = asked && !blocked;
  assign write_bad = !aligned || !(in_observation || in_control);
  assign read_bad  = read_address_i[1:0] != '0 || !(in_action || in_header);

  assign write_error_o = write_bad;
  assign interrupt_o   = done_q && interrupt_enable_q;
  assign done_o        = done_q;
  assign error_o       = bad_access_q || busy_write_q;
  assign core_rst_no   = core_rst_nq;

  always_ff @(posedge clk_i) begin
    core_rst_nq <= rst_ni && !reset;
    if (!rst_ni) begin
      {busy_q, done_q, free_running_q, interrupt_enable_q, bad_access_q, busy_write_q} <= '0;
      {cycles_q, inferences_q, clock_q} <= '0;
    end else begin
      clock_q <= clock_q + 1'b1;
      if (control) {interrupt_enable_q, free_running_q} <= write_data_i[3:2];
      if (busy_q) cycles_q <= cycles_q + 1'b1;
      if (busy_q && done) {busy_q, done_q, inferences_q} <= {2'b01, inferences_q + 1'b1};
      if (control && write_data_i[1]) {done_q, bad_access_q, busy_write_q} <= '0;
      if ((write_i && write_bad) || (read_i && read_bad) || bad_access_i) bad_access_q <= 1'b1;
      if (blocked && (asked || load)) busy_write_q <= 1'b1;
      if (start) {busy_q, done_q, cycles_q} <= {2'b10, 32'd0};
      if (reset) {busy_q, done_q} <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      from_action_q <= in_action;
      read_error_o  <= read_bad;
      case (in_header && !read_bad ? read_word[3:0] : 4'hF)
        4'd0: header_q <= Identity;
        4'd1: header_q <= Version;
        4'd2, 4'd3, 4'd4, 4'd5: header_q <= policy[read_word[1:0]^2'd2];
        4'd6: header_q <= ObservationShape;
        4'd7: header_q <= ActionShape;
        4'd8: header_q <= {28'd0, interrupt_enable_q, free_running_q, 2'd0};
        4'd9: header_q <= {28'd0, bad_access_q, busy_write_q, done_q, busy_q};
        4'd10: header_q <= cycles_q;
        4'd11: header_q <= inferences_q;
        4'd12: header_q <= clock_q;
        default: header_q <= '0;
      endcase
    end
  end
  assign read_data_o = from_action_q && !read_error_o ? action_data : header_q;

  ganglion_observation #(.Words(ObservationWords)) u_observation (
    .clk_i, .rst_ni(core_rst_nq),
    .write_i(load && !blocked ? write_strobe_i : 4'd0), .word_i(write_word[ObsBits-1:0]),
    .data_i(write_data_i), .send_i(start), .m_data_o, .m_valid_o, .m_ready_i
  );

  ganglion_action #(.Words(ActionWords)) u_action (
    .clk_i, .rst_ni(core_rst_nq), .s_data_i, .s_last_i, .s_valid_i, .done_o(done),
    .read_i, .word_i(read_word[ActBits-1:0]), .data_o(action_data)
  );
endmodule

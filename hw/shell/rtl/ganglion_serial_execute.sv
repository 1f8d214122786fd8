// Does what a request asks of the register block: reads, writes, or a whole inference.
// Latency 4 cycles a step: a word is one, the answer one, an inference 5 more, and its polls.
// No handshake: valid_i is not looked at under busy_o; answer_o, then answering_i is awaited.
// Golden: deploy.transports.frame, the meanings of Op and Status.
module ganglion_serial_execute #(
  parameter int unsigned AddressBits   = 12,
  parameter int unsigned Control       = 0,   // byte addresses,
  parameter int unsigned Status        = 0,
  parameter int unsigned Cycles        = 0,
  parameter int unsigned Action        = 0,
  parameter int unsigned ActionWords   = 1,
  parameter int unsigned Start         = 0,   // and masks, as the register block has them
  parameter int unsigned FreeRunning   = 0,
  parameter int unsigned Busy          = 0,
  parameter int unsigned Done          = 0,
  parameter int unsigned TimeoutCycles = 1 << 24
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   valid_i,
  output logic                   busy_o,
  input  logic [7:0]             op_i,
  input  logic [7:0]             count_i,
  input  logic [15:0]            address_i,
  output logic                   answer_o,
  input  logic                   answering_i,
  output logic [7:0]             status_o,
  output logic [7:0]             count_o,
  output logic                   we_o,         // a word of the answer
  output logic [7:0]             index_o,      // of words written and read
  output logic [31:0]            word_o,
  input  logic [31:0]            word_i,       // of the request, a cycle after its index
  output logic                   write_o,
  output logic                   read_o,
  output logic [AddressBits-1:0] address_o,
  output logic [31:0]            write_data_o,
  output logic                   bad_access_o, // an address that the block does not have
  input  logic                   write_error_i,
  input  logic [31:0]            read_data_i,
  input  logic                   read_error_i
);
  localparam logic [7:0] OpRead = 8'd1, OpWrite = 8'd2, OpInfer = 8'd3;
  localparam logic [7:0] Ok = 8'd0, UnknownOp = 8'd1, Refused = 8'd2, Timeout = 8'd3;
  localparam int unsigned WaitBits = $clog2(TimeoutCycles + 1);
  // In a step address and data settle, are registered, reach the block; then what is read is here.
  typedef enum logic [3:0] {
    Idle, AwaitIdle, GetControl, Write, Begin, SeeBegun, AwaitDone, Read, Answer, Send
  } state_e;
  if (ActionWords < 1 || ActionWords > 254) begin : gen_check
    $error("ganglion_serial_execute: ActionWords %0d, allowed from 1 to 254", ActionWords);
  end

  state_e state_q;
  logic [1:0] phase_q;
  logic [7:0] status_q, left_q, index_q;
  logic [16:0] address_q;      // wide enough never to wrap around
  logic [31:0] control_q;
  logic [WaitBits-1:0] wait_q;
  logic [AddressBits-1:0] address;
  logic wants_cycles, outside, busy, done, late, is_last, good, step, write, read;
  logic is_infer_q, beyond_q, write_error_q;  // of what stays through a step, for shorter paths

  assign wants_cycles = is_infer_q && index_q == '0;
  assign outside      = beyond_q && (state_q == Write || (state_q == Read && !wants_cycles));
  assign busy         = (read_data_i & Busy) != '0;
  assign done         = (read_data_i & Done) != '0;
  assign late         = wait_q == WaitBits'(TimeoutCycles);
  assign is_last      = left_q == 8'd1;
  assign good         = status_q == Ok && !outside && !write_error_q;
  assign step         = phase_q == 2'd3;

  assign busy_o       = state_q != Idle;
  assign answer_o     = step && state_q == Answer;
  assign status_o     = status_q;
  assign count_o      = status_q == Ok && op_i != OpWrite ? index_q : '0;
  assign we_o         = step && state_q == Read;
  assign index_o      = index_q;
  assign word_o       = read_data_i;
  assign write        = (state_q == Write && !outside) || state_q == Begin;

  always_comb begin
    read    = 1'b0;
    address = address_q[AddressBits-1:0];
    unique case (state_q)
      AwaitIdle, SeeBegun, AwaitDone: {read, address} = {1'b1, AddressBits'(Status)};
      GetControl: {read, address} = {1'b1, AddressBits'(Control)};
      Begin: address = AddressBits'(Control);
      Read: begin
        read = !outside;
        if (wants_cycles) address = AddressBits'(Cycles);
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    is_infer_q    <= op_i == OpInfer;
    beyond_q      <= address_q[16:AddressBits] != '0;
    address_o     <= address;
    write_error_q <= write_error_i;
    write_data_o  <= state_q == Begin ? control_q | Start : word_i;
    {write_o, read_o, bad_access_o} <= rst_ni && phase_q == 2'd1 ? {write, read, outside} : '0;
  end

  always_ff @(posedge clk_i) begin
    phase_q <= state_q == Idle ? '0 : phase_q + 1'b1;
    wait_q  <= state_q == Idle ? '0 : wait_q + WaitBits'(!late);
    if (step && (state_q == Write || state_q == Read)) begin
      left_q    <= left_q - 1'b1;
      index_q   <= index_q + 1'b1;
      address_q <= address_q + 17'd4;
    end
    if (state_q == Idle && valid_i) begin
      {status_q, left_q, index_q, address_q} <= {Ok, count_i, 8'd0, 1'b0, address_i};
      unique case (op_i)
        OpRead:  state_q <= count_i == '0 ? Answer : Read;
        OpWrite: state_q <= count_i == '0 ? Answer : Write;
        OpInfer: state_q <= AwaitIdle;
        default: {state_q, status_q} <= {Answer, UnknownOp};
      endcase
    end
    if (step) begin
      unique case (state_q)
        AwaitIdle: if (!busy) state_q <= GetControl;
        else if (late) {state_q, status_q} <= {Answer, Timeout};
        GetControl: {control_q, state_q} <= {read_data_i, left_q == '0 ? Begin : Write};
        Write: begin
          if (!good) status_q <= Refused;
          if (is_last && (!is_infer_q || !good)) state_q <= Answer;
          else if (is_last) state_q <= (control_q & FreeRunning) != '0 ? SeeBegun : Begin;
        end
        Begin: state_q <= SeeBegun;
        SeeBegun: {state_q, status_q} <= busy ? {AwaitDone, Ok} : {Answer, Refused};
        AwaitDone: if (!busy) begin
          {left_q, index_q, address_q} <= {8'(ActionWords + 1), 8'd0, 17'(Action - 4)};
          {state_q, status_q} <= done ? {Read, Ok} : {Answer, Refused};
        end else if (late) {state_q, status_q} <= {Answer, Timeout};
        Read: begin
          if (outside || read_error_i) status_q <= Refused;
          if (outside || read_error_i || is_last) state_q <= Answer;
        end
        Answer: state_q <= Send;
        Send: if (!answering_i) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
    if (!rst_ni) state_q <= Idle;
  end
endmodule

// Does what a request asks of the register block: reads, writes, or a whole inference.
// Latency 2 cycles a word and, for an inference, 8 and the accelerator's; interval with the answer.
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
  typedef enum logic [3:0] {
    Idle, AskIdle, SeeIdle, SeeControl, Fetch, Write, Begin, AskBegun, SeeBegun, SeeDone,
    Ask, Store, Answer, Send
  } state_e;
  if (ActionWords < 1 || ActionWords > 254) begin : gen_check
    $error("ganglion_serial_execute: ActionWords %0d, allowed from 1 to 254", ActionWords);
  end

  state_e state_q;
  logic [7:0] status_q, left_q, index_q;
  logic [16:0] address_q;      // wide enough never to wrap around
  logic [31:0] control_q;
  logic [WaitBits-1:0] wait_q;
  logic is_infer, wants_cycles, outside, busy, done, late, is_last, good;

  assign is_infer     = op_i == OpInfer;
  assign wants_cycles = is_infer && index_q == '0;
  assign outside      = address_q[16:AddressBits] != '0 &&
                        (state_q == Write || (state_q == Ask && !wants_cycles));
  assign busy         = (read_data_i & Busy) != '0;
  assign done         = (read_data_i & Done) != '0;
  assign late         = wait_q == WaitBits'(TimeoutCycles);
  assign is_last      = left_q == 8'd1;
  assign good         = status_q == Ok && !outside && !write_error_i;

  assign busy_o       = state_q != Idle;
  assign answer_o     = state_q == Answer;
  assign status_o     = status_q;
  assign count_o      = status_q == Ok && op_i != OpWrite ? index_q : '0;
  assign we_o         = state_q == Store;
  assign index_o      = index_q;
  assign word_o       = read_data_i;
  assign bad_access_o = outside;
  assign write_o      = (state_q == Write && !outside) || state_q == Begin;
  assign write_data_o = state_q == Begin ? control_q | Start : word_i;

  always_comb begin
    read_o    = 1'b0;
    address_o = address_q[AddressBits-1:0];
    unique case (state_q)
      SeeIdle: {read_o, address_o} = {1'b1, AddressBits'(busy ? Status : Control)};
      AskIdle, AskBegun, SeeBegun, SeeDone: {read_o, address_o} = {1'b1, AddressBits'(Status)};
      Begin: address_o = AddressBits'(Control);
      Ask: begin
        read_o = !outside;
        if (wants_cycles) address_o = AddressBits'(Cycles);
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    wait_q <= state_q == Idle ? '0 : wait_q + 1'b1;
    if (state_q == Write || state_q == Store) begin
      left_q    <= left_q - 1'b1;
      index_q   <= index_q + 1'b1;
      address_q <= address_q + 17'd4;
    end
    unique case (state_q)
      Idle: if (valid_i) begin
        {status_q, left_q, index_q, address_q} <= {Ok, count_i, 8'd0, 1'b0, address_i};
        unique case (op_i)
          OpRead:  state_q <= count_i == '0 ? Answer : Ask;
          OpWrite: state_q <= count_i == '0 ? Answer : Fetch;
          OpInfer: state_q <= AskIdle;
          default: {state_q, status_q} <= {Answer, UnknownOp};
        endcase
      end
      AskIdle: state_q <= SeeIdle;
      SeeIdle: if (!busy) state_q <= SeeControl;
      SeeControl: begin
        control_q <= read_data_i;
        state_q   <= left_q == '0 ? Begin : Fetch;
      end
      Fetch: state_q <= Write;
      Write: begin
        if (!good) status_q <= Refused;
        if (!is_last) state_q <= Fetch;
        else if (!is_infer || !good) state_q <= Answer;
        else state_q <= (control_q & FreeRunning) != '0 ? AskBegun : Begin;
      end
      Begin: state_q <= AskBegun;
      AskBegun: state_q <= SeeBegun;
      SeeBegun: {state_q, status_q} <= busy ? {SeeDone, Ok} : {Answer, Refused};
      SeeDone: if (!busy) begin
        {left_q, index_q, address_q} <= {8'(ActionWords + 1), 8'd0, 17'(Action - 4)};
        {state_q, status_q} <= done ? {Ask, Ok} : {Answer, Refused};
      end
      Ask: begin
        if (outside) status_q <= Refused;
        state_q <= outside ? Answer : Store;
      end
      Store: begin
        if (read_error_i) status_q <= Refused;
        state_q <= is_last || read_error_i ? Answer : Ask;
      end
      Answer: state_q <= Send;
      Send: if (!answering_i) state_q <= Idle;
      default: state_q <= Idle;
    endcase
    if (late && busy && (state_q == SeeIdle || state_q == SeeDone)) begin
      {state_q, status_q} <= {Answer, Timeout};
    end
    if (!rst_ni) state_q <= Idle;
  end
endmodule

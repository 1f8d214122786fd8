// Carries out a word's reduction once the sums it means are captured: for the output or a bank.
// Latency 5 + 2 Pipelining to emit_o and store_o, 3 + Pipelining to restart_o; interval 1.
// No handshake: counts words where run_i is set; the queue behind it has reserved room.
// Golden: _reduce in hw.engines.folded.interpret.
module ganglion_collector #(
  parameter  int unsigned        Lanes      = 8,
  parameter  int unsigned        AccBits    = 22,
  parameter  int unsigned        ActBits    = 8,
  parameter  int unsigned        OutValues  = 1,  // results a word, each of its own group of lanes
  parameter  int unsigned        OutBits    = 8,
  parameter  int unsigned        OutShift   = 6,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  parameter  bit                 Stores     = 0,
  parameter  int unsigned        SelectBits = 3,
  parameter  int unsigned        Pipelining = 0,
  localparam int unsigned        ReduceBits = Stores ? $clog2(Modes + 2) : 1
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  input  logic                             run_i,
  input  logic                             last_i,
  input  logic [ReduceBits-1:0]            reduce_i,  // 0 wait, 1 emit, 2 + m store in mode m
  input  logic [SelectBits-1:0]            bank_i,
  input  logic [Lanes-1:0]                 capture_i,
  input  logic [Lanes-1:0][AccBits-1:0]    acc_i,
  output logic                             restart_o,
  output logic                             emit_o,
  output logic [OutValues-1:0][OutBits-1:0] emitted_o,
  output logic                             store_o,
  output logic [SelectBits-1:0]            bank_o,
  output logic [ActBits-1:0]               stored_o
);
  // For one result a word the groups only halve the way through the adders.
  localparam int unsigned Group  = 1 << (($clog2(Lanes) + 1) / 2);
  localparam int unsigned Groups = OutValues > 1 ? OutValues : (Lanes + Group - 1) / Group;
  // Mode 0 is the output's, 1 + m the hidden layers' m; without stores there is only the first.
  localparam int unsigned AllModes = Stores ? Modes + 1 : 1;
  localparam int unsigned ModeBits = AllModes > 1 ? $clog2(AllModes) : 1;
  localparam int unsigned Bits     = Stores && ActBits > OutBits ? ActBits : OutBits;
  localparam logic [8*Modes+7:0] AllShifts = {Shifts, 8'(OutShift)};
  localparam logic [8*Modes+7:0] AllWidths = {Widths, 8'(OutBits)};
  localparam int unsigned Delay = 4 + Pipelining;  // from a word to its captured sums

  logic [Delay:0][ReduceBits-1:0] reduce_q;
  logic [Delay-2:0] last_q;
  logic [ReduceBits-1:0] action;
  logic [Groups-1:0][AccBits-1:0] group;
  logic [AccBits-1:0] total;
  logic [Bits-1:0] result;
  logic [OutValues-1:0][OutBits-1:0] emitted;
  logic valid;

  assign action    = reduce_q[Delay];
  assign restart_o = last_q[Delay-2];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reduce_q <= '0;
      last_q   <= '0;
    end else begin
      reduce_q <= {reduce_q[Delay-1:0], run_i ? reduce_i : ReduceBits'(0)};
      last_q   <= {last_q[Delay-3:0], run_i && last_i};
    end
  end

  ganglion_reduction #(.Lanes(Lanes), .Groups(Groups), .AccBits(AccBits)) u_reduction (
    .clk_i, .rst_ni, .capture_i, .acc_i,
    .reduce_i (reduce_q[Delay-1] != '0),
    .valid_o  (valid),
    .group_o  (group),
    .total_o  (total)
  );

  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(Bits), .Modes(AllModes),
    .Shifts(AllShifts[8*AllModes-1:0]), .Widths(AllWidths[8*AllModes-1:0])
  ) u_requantize (
    .acc_i  (total),
    .mode_i (ModeBits'(action - 1'b1)),
    .out_o  (result)
  );

  if (OutValues == 1) begin : g_total
    assign emitted[0] = OutBits'(result);
    logic unused_group;
    assign unused_group = ^group;
  end else begin : g_groups
    for (genvar i = 0; i < OutValues; i++) begin : g_output
      ganglion_requantize #(
        .AccBits(AccBits), .OutBits(OutBits), .Shifts(8'(OutShift)), .Widths(8'(OutBits))
      ) u_requantize (
        .acc_i  (group[i]),
        .mode_i (1'b0),
        .out_o  (emitted[i])
      );
    end
  end

  ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_emit (
    .clk_i, .rst_ni, .data_i(valid && action == ReduceBits'(1)), .data_o(emit_o)
  );
  ganglion_delay #(.Bits(OutValues * OutBits), .Cycles(Pipelining)) u_emitted (
    .clk_i, .rst_ni(1'b1), .data_i(emitted), .data_o(emitted_o)
  );

  if (Stores) begin : g_stores
    ganglion_delay #(.Bits(SelectBits), .Cycles(Delay + 1 + Pipelining)) u_bank (
      .clk_i, .rst_ni(1'b1), .data_i(bank_i), .data_o(bank_o)
    );
    ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_store (
      .clk_i, .rst_ni, .data_i(valid && action >= ReduceBits'(2)), .data_o(store_o)
    );
    ganglion_delay #(.Bits(ActBits), .Cycles(Pipelining)) u_stored (
      .clk_i, .rst_ni(1'b1), .data_i(ActBits'(result)), .data_o(stored_o)
    );
  end else begin : g_output_only
    assign {store_o, bank_o, stored_o} = '0;
    logic unused_store;
    assign unused_store = ^{bank_i, result};
  end
endmodule

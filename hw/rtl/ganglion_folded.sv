// The folded sparse engine: a network as a scheduled program, a word for all lanes every cycle.
// Latency Cycles + 6 + 3 Pipelining from first input to last result, interval Cycles, ends ready.
// AXI-Stream handshake at both ends; starts with its first input, given room for the results.
// Golden: models.reference.IntNetwork.__call__; word for word hw.engines.folded.interpret.
module ganglion_folded #(
  parameter int unsigned Lanes       = 8,
  parameter int unsigned Banks       = 8,
  parameter int unsigned Replicas    = 2,
  parameter int unsigned AddressBits = 6,
  parameter int unsigned ActBits     = 8,
  parameter int unsigned WeightBits  = 8,
  parameter int unsigned AccBits     = 22,
  parameter int unsigned BiasBits    = 18,
  parameter int unsigned IndexBits   = 7,   // of a lane's biases
  parameter int unsigned Cycles      = 16,
  parameter int unsigned Results     = 64,  // most results of one vector in a bank
  parameter int unsigned InValues    = 8,
  parameter int unsigned InWords     = 2,
  parameter int unsigned InBits      = 8,
  parameter bit          InSigned    = 1,
  parameter int unsigned OutValues   = 1,   // results a word, each of its own group of lanes
  parameter int unsigned OutWords    = 3,
  parameter int unsigned OutBits     = 8,
  parameter bit          OutSigned   = 1,
  parameter int unsigned OutShift    = 6,
  parameter int unsigned Modes       = 1,   // requantizations of hidden layers
  parameter logic [8*Modes-1:0] Shifts = {Modes{8'd6}},
  parameter logic [8*Modes-1:0] Widths = {Modes{8'd8}},
  parameter bit          Stores      = 0,   // whether the reduction writes banks
  parameter bit          UseDsp      = 1,
  parameter int unsigned Pipelining  = 0,   // 1: registers behind program memory, banks and sums
  parameter              ProgramFile = "",
  parameter              BiasPrefix  = ""   // of a file for each pair of lanes: <prefix>00.dat on
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic [InValues*InBits-1:0]    in_tdata_i,
  input  logic                          in_tvalid_i,
  output logic                          in_tready_o,
  output logic [OutValues*OutBits-1:0]  out_tdata_o,
  output logic                          out_tvalid_o,
  input  logic                          out_tready_i,
  output logic [Banks-1:0]              result_we_o,  // hidden results, for taps
  output logic [Banks-1:0][ActBits-1:0] result_o
);
  // A word, low bits first: release, reduction, store bank, addresses, lanes (folded.program).
  localparam int unsigned FieldBits  = $clog2(Banks);
  localparam int unsigned SelectBits = Banks > 1 ? FieldBits : 1;
  localparam int unsigned ActionBits = $clog2(Modes + 2);
  localparam int unsigned ReduceBits = Stores ? ActionBits : 1;
  localparam int unsigned AddressAt  = 1 + ReduceBits + (Stores ? FieldBits : 0);
  localparam int unsigned LaneAt     = AddressAt + Replicas * Banks * AddressBits;
  localparam int unsigned LaneBits   = ActionBits + WeightBits + FieldBits;
  localparam int unsigned WordBits   = LaneAt + Lanes * LaneBits;
  localparam int unsigned Depth      = (1 << AddressBits) - InWords;

  logic rst_q, in_tready, start, runs, is_last, run, last, room, arrived, restart, emit, store;
  logic [WordBits-1:0] fetched, word;
  logic [InValues-1:0] load_we, busy;
  logic [Banks-1:0] result_we;
  logic [AddressBits-1:0] load_addr;
  logic [InValues-1:0][InBits-1:0] load_byte;
  logic [InValues-1:0][ActBits-1:0] load_data;
  logic [Replicas-1:0][Banks-1:0][ActBits-1:0] act;
  logic [Lanes-1:0] capture, write;
  logic [Lanes-1:0][AccBits-1:0] acc;
  logic [Lanes-1:0][ActBits-1:0] result;
  logic [SelectBits-1:0] word_bank, store_bank;
  logic [OutValues-1:0][OutBits-1:0] emitted;
  logic [ActBits-1:0] stored;

  // Registered once for its fan-out; in the cycle that this costs, no word passes either end.
  initial rst_q = 1'b1;
  always_ff @(posedge clk_i) rst_q <= !rst_ni;
  assign in_tready_o = in_tready && !rst_q;
  assign result_we_o = result_we & {Banks{!rst_q}};

  ganglion_sequencer #(
    .WordBits(WordBits), .Cycles(Cycles), .Awaited(InWords), .ProgramFile(ProgramFile)
  ) u_sequencer (
    .clk_i, .rst_ni(!rst_q), .ready_i(room), .arrived_i(arrived), .start_o(start), .run_o(runs),
    .last_o(is_last), .word_o(fetched)
  );
  ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_run (
    .clk_i, .rst_ni(!rst_q), .data_i(runs), .data_o(run)
  );
  ganglion_delay #(.Bits(1 + WordBits), .Cycles(Pipelining)) u_word (
    .clk_i, .rst_ni(1'b1), .data_i({is_last, fetched}), .data_o({last, word})
  );

  ganglion_loader #(
    .Width(InValues), .Words(InWords), .InBits(InBits), .InSigned(InSigned),
    .AddressBits(AddressBits), .Base(Depth)
  ) u_loader (
    .clk_i, .rst_ni(!rst_q), .tdata_i(in_tdata_i), .tvalid_i(in_tvalid_i), .tready_o(in_tready),
    .release_i(run && word[0]), .done_o(arrived), .busy_i(busy), .we_o(load_we),
    .addr_o(load_addr), .data_o(load_byte)
  );
  for (genvar i = 0; i < InValues; i++) begin : g_load
    assign load_data[i] = ActBits'(load_byte[i]);
  end

  ganglion_banks #(
    .Lanes(Lanes), .Banks(Banks), .Replicas(Replicas), .InValues(InValues), .ActBits(ActBits),
    .AddressBits(AddressBits), .Depth(Depth), .Results(Results),
    .Pipelining(Pipelining)
  ) u_banks (
    .clk_i, .rst_ni(!rst_q), .restart_i(restart), .write_i(write), .result_i(result),
    .store_i(store), .store_bank_i(store_bank), .stored_i(stored), .load_we_i(load_we),
    .load_addr_i(load_addr), .load_data_i(load_data), .busy_o(busy),
    .addr_i(word[AddressAt+:Replicas*Banks*AddressBits]), .act_o(act), .we_o(result_we),
    .data_o(result_o)
  );

  ganglion_lane_array #(
    .Lanes(Lanes), .Banks(Banks), .Replicas(Replicas), .ActBits(ActBits), .WeightBits(WeightBits),
    .AccBits(AccBits), .BiasBits(BiasBits), .IndexBits(IndexBits), .Modes(Modes),
    .Shifts(Shifts), .Widths(Widths), .UseDsp(UseDsp), .Pipelining(Pipelining),
    .BiasPrefix(BiasPrefix)
  ) u_lanes (
    .clk_i, .rst_ni(!rst_q), .run_i(run), .last_i(last), .word_i(word[WordBits-1:LaneAt]),
    .act_i(act), .capture_o(capture), .acc_o(acc), .write_o(write), .result_o(result)
  );

  if (Stores && Banks > 1) begin : g_store_bank
    assign word_bank = word[1+ReduceBits+:SelectBits];
  end else begin : g_no_store_bank
    assign word_bank = '0;
  end
  ganglion_collector #(
    .Lanes(Lanes), .AccBits(AccBits), .ActBits(ActBits), .OutValues(OutValues), .OutBits(OutBits),
    .OutShift(OutShift), .Modes(Modes), .Shifts(Shifts), .Widths(Widths), .Stores(Stores),
    .SelectBits(SelectBits), .Pipelining(Pipelining)
  ) u_collector (
    .clk_i, .rst_ni(!rst_q), .run_i(run), .last_i(last), .reduce_i(word[1+:ReduceBits]),
    .bank_i(word_bank), .capture_i(capture), .acc_i(acc), .restart_o(restart), .emit_o(emit),
    .emitted_o(emitted), .store_o(store), .bank_o(store_bank), .stored_o(stored)
  );

  ganglion_result_queue #(
    .Width(OutValues), .OutBits(OutBits), .OutSigned(OutSigned), .Words(OutWords)
  ) u_queue (
    .clk_i, .rst_ni(!rst_q), .start_i(start), .room_o(room), .push_i(emit), .data_i(emitted),
    .tdata_o(out_tdata_o), .tvalid_o(out_tvalid_o), .tready_i(out_tready_i)
  );
endmodule

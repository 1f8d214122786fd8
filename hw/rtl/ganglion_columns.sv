// The folded engine by columns: a lane keeps some activations and adds its share to every neuron.
// Latency InWords + Cycles + 6 + 3 Pipelining from first input to last result; interval Cycles.
// AXI-Stream handshake at both ends; starts with its last input, given room for the results.
// Golden: models.reference.IntNetwork.__call__; word for word hw.engines.folded.columns.interpret.
module ganglion_columns #(
  parameter int unsigned Lanes       = 8,
  parameter int unsigned AddressBits = 6,
  parameter int unsigned ActBits     = 8,
  parameter int unsigned WeightBits  = 8,
  parameter int unsigned AccBits     = 22,
  parameter int unsigned BiasBits    = 18,
  parameter int unsigned EndBits     = 2,   // of a share's end: 1 + neurons the lane lacks after it
  parameter int unsigned Shares      = 32,  // sums that a lane keeps
  parameter int unsigned Cycles      = 16,
  parameter int unsigned Sums        = 19,  // neurons
  parameter int unsigned InValues    = 8,
  parameter int unsigned InWords     = 2,
  parameter int unsigned InBits      = 8,
  parameter bit          InSigned    = 1,
  parameter int unsigned OutWords    = 3,
  parameter int unsigned OutBits     = 8,
  parameter bit          OutSigned   = 1,
  parameter int unsigned OutShift    = 6,
  parameter int unsigned Modes       = 1,   // requantizations of hidden layers
  parameter logic [8*Modes-1:0] Shifts = {Modes{8'd6}},
  parameter logic [8*Modes-1:0] Widths = {Modes{8'd8}},
  parameter bit          UseDsp      = 1,
  parameter int unsigned Pipelining  = 0,   // 1: registers behind program memory, banks and sums
  parameter              ProgramFile = "",
  parameter              SumsFile    = "",
  parameter              InputsFile  = ""
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic [InValues*InBits-1:0]    in_tdata_i,
  input  logic                          in_tvalid_i,
  output logic                          in_tready_o,
  output logic [OutBits-1:0]            out_tdata_o,
  output logic                          out_tvalid_o,
  input  logic                          out_tready_i,
  output logic [Lanes-1:0]              result_we_o,  // hidden results, for taps
  output logic [Lanes-1:0][ActBits-1:0] result_o
);
  // A word, low bits first: release, add, lanes (folded.columns.program).
  localparam int unsigned LaneBits = EndBits + WeightBits + AddressBits;
  localparam int unsigned WordBits = 2 + Lanes * LaneBits;
  localparam int unsigned SelectBits = Lanes > 1 ? $clog2(Lanes) : 1;

  logic rst_q, in_tready, start, runs, is_last, run, room, arrived, store, emit, pop;
  logic [WordBits-1:0] fetched, word;
  logic [Lanes-1:0] load_we, store_we;
  logic [AddressBits-1:0] load_addr, store_addr;
  logic [InValues-1:0][InBits-1:0] load_data;
  logic [Lanes-1:0][AccBits-1:0] share;
  logic [SelectBits-1:0] store_lane;
  logic [ActBits-1:0] stored;
  logic [OutBits-1:0] emitted;

  // Registered once for its fan-out; in the cycle that this costs, no word passes either end.
  initial rst_q = 1'b1;
  always_ff @(posedge clk_i) rst_q <= !rst_ni;
  assign in_tready_o = in_tready && !rst_q;
  assign result_we_o = store_we & {Lanes{!rst_q}};
  assign result_o    = {Lanes{stored}};

  ganglion_sequencer #(
    .WordBits(WordBits), .Cycles(Cycles), .Awaited(1), .ProgramFile(ProgramFile)
  ) u_sequencer (
    .clk_i, .rst_ni(!rst_q), .ready_i(room), .arrived_i(arrived), .start_o(start), .run_o(runs),
    .last_o(is_last), .word_o(fetched)
  );
  ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_run (
    .clk_i, .rst_ni(!rst_q), .data_i(runs), .data_o(run)
  );
  ganglion_delay #(.Bits(WordBits), .Cycles(Pipelining)) u_word (
    .clk_i, .rst_ni(1'b1), .data_i(fetched), .data_o(word)
  );
  logic unused_last;
  assign unused_last = is_last;

  ganglion_column_loader #(
    .Lanes(Lanes), .Width(InValues), .Words(InWords), .InBits(InBits), .InSigned(InSigned),
    .AddressBits(AddressBits), .InputsFile(InputsFile)
  ) u_loader (
    .clk_i, .rst_ni(!rst_q), .tdata_i(in_tdata_i), .tvalid_i(in_tvalid_i), .tready_o(in_tready),
    .release_i(run && word[0]), .busy_i(store), .done_o(arrived), .we_o(load_we),
    .addr_o(load_addr), .data_o(load_data)
  );

  ganglion_delay #(.Bits(1), .Cycles(4 + Pipelining), .Resets(1)) u_pop (
    .clk_i, .rst_ni(!rst_q), .data_i(run && word[1]), .data_o(pop)
  );
  for (genvar p = 0; p < Lanes; p++) begin : g_lane
    assign store_we[p] = store && store_lane == SelectBits'(p);
    ganglion_column_lane #(
      .ActBits(ActBits), .WeightBits(WeightBits), .AccBits(AccBits), .AddressBits(AddressBits),
      .EndBits(EndBits), .Shares(Shares), .UseDsp(UseDsp), .Pipelining(Pipelining)
    ) u_lane (
      .clk_i, .rst_ni(!rst_q), .run_i(run), .word_i(word[2+p*LaneBits+:LaneBits]),
      .we_i    (store_we[p] || load_we[p]),
      .waddr_i (store ? store_addr : load_addr),
      .wdata_i (store ? stored : ActBits'(load_data[p%InValues])),
      .pop_i   (pop),
      .share_o (share[p])
    );
  end

  ganglion_column_sums #(
    .Lanes(Lanes), .AddressBits(AddressBits), .ActBits(ActBits), .AccBits(AccBits),
    .BiasBits(BiasBits), .Sums(Sums), .OutBits(OutBits), .OutShift(OutShift), .Modes(Modes),
    .Shifts(Shifts), .Widths(Widths), .Pipelining(Pipelining), .SumsFile(SumsFile)
  ) u_sums (
    .clk_i, .rst_ni(!rst_q), .pop_i(pop), .share_i(share), .emit_o(emit), .emitted_o(emitted),
    .store_o(store), .lane_o(store_lane), .addr_o(store_addr), .stored_o(stored)
  );

  ganglion_result_queue #(
    .Width(1), .OutBits(OutBits), .OutSigned(OutSigned), .Words(OutWords)
  ) u_queue (
    .clk_i, .rst_ni(!rst_q), .start_i(start), .room_o(room), .push_i(emit), .data_i(emitted),
    .tdata_o(out_tdata_o), .tvalid_o(out_tvalid_o), .tready_i(out_tready_i)
  );
endmodule

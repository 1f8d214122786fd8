// All lanes: each reads its replica of the banks, pairs of them share a memory of biases.
// Latency 3 + Pipelining cycles from a word to its sum (see ganglion_lane), interval 1.
// No handshake: counts words where run_i is set; act_i comes Pipelining cycles behind its word.
// Golden: hw.engines.folded.interpret.
module ganglion_lane_array #(
  parameter  int unsigned        Lanes      = 8,
  parameter  int unsigned        Banks      = 8,
  parameter  int unsigned        Replicas   = 2,
  parameter  int unsigned        ActBits    = 8,
  parameter  int unsigned        WeightBits = 8,
  parameter  int unsigned        AccBits    = 22,
  parameter  int unsigned        BiasBits   = 18,
  parameter  int unsigned        IndexBits  = 7,
  parameter  int unsigned        Modes      = 1,
  parameter  logic [8*Modes-1:0] Shifts     = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths     = {Modes{8'd8}},
  parameter  bit                 UseDsp     = 1,
  parameter  int unsigned        Pipelining = 0,
  parameter                      BiasPrefix = "",  // of a file for each pair: <prefix>00.dat on
  localparam int unsigned        ActionBits = $clog2(Modes + 2),
  localparam int unsigned        LaneBits   = ActionBits + WeightBits + $clog2(Banks)
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          run_i,
  input  logic                          last_i,
  input  logic [Lanes-1:0][LaneBits-1:0] word_i,
  input  logic [Replicas-1:0][Banks-1:0][ActBits-1:0] act_i,
  output logic [Lanes-1:0]              capture_o,
  output logic [Lanes-1:0][AccBits-1:0] acc_o,
  output logic [Lanes-1:0]              write_o,
  output logic [Lanes-1:0][ActBits-1:0] result_o
);
  logic run, last;
  logic [Lanes-1:0][LaneBits-1:0] word;
  logic [Lanes-1:0][Banks-1:0][ActBits-1:0] act;

  ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_run (
    .clk_i, .rst_ni, .data_i(run_i), .data_o(run)
  );
  ganglion_delay #(.Bits(1 + Lanes * LaneBits), .Cycles(Pipelining)) u_word (
    .clk_i, .rst_ni(1'b1), .data_i({last_i, word_i}), .data_o({last, word})
  );

  for (genvar p = 0; p < Lanes; p++) begin : g_act
    assign act[p] = act_i[p*Replicas/Lanes];
  end
  for (genvar p = 0; p < Lanes; p += 2) begin : g_lanes
    localparam int unsigned Count = p + 1 < Lanes ? 2 : 1;
    localparam logic [7:0] Tens = 8'd48 + 8'(p / 20), Ones = 8'd48 + 8'((p / 2) % 10);  // ASCII
    ganglion_lanes #(
      .Lanes(Count), .Banks(Banks), .ActBits(ActBits), .WeightBits(WeightBits),
      .AccBits(AccBits), .BiasBits(BiasBits), .IndexBits(IndexBits), .Modes(Modes),
      .Shifts(Shifts), .Widths(Widths), .UseDsp(UseDsp),
      .BiasFile({BiasPrefix, Tens, Ones, ".dat"})
    ) u_lanes (
      .clk_i, .rst_ni, .run_i(run), .last_i(last), .word_i(word[p+:Count]),
      .act_i(act[p+:Count]), .capture_o(capture_o[p+:Count]), .acc_o(acc_o[p+:Count]),
      .write_o(write_o[p+:Count]), .result_o(result_o[p+:Count])
    );
  end
endmodule

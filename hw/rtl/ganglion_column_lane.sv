// A lane of columns: multiplies what its own bank keeps and queues its shares until they are added.
// Latency 4 + Pipelining cycles from a word to its queued sum, 1 from pop_i to share_o; interval 1.
// No handshake: counts words where run_i is set; a share that is popped has been queued.
// Golden: hw.engines.folded.columns.interpret.
module ganglion_column_lane #(
  parameter  int unsigned ActBits     = 8,
  parameter  int unsigned WeightBits  = 8,
  parameter  int unsigned AccBits     = 22,
  parameter  int unsigned AddressBits = 6,
  parameter  int unsigned EndBits     = 2,
  parameter  int unsigned Shares      = 32,
  parameter  bit          UseDsp      = 1,
  parameter  int unsigned Pipelining  = 0,
  localparam int unsigned WordBits    = EndBits + WeightBits + AddressBits
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   run_i,
  input  logic [WordBits-1:0]    word_i,  // from low bits: end, weight, address
  input  logic                   we_i,
  input  logic [AddressBits-1:0] waddr_i,
  input  logic [ActBits-1:0]     wdata_i,
  input  logic                   pop_i,
  output logic [AccBits-1:0]     share_o
);
  logic run, first_q;
  logic [EndBits-1:0] ends, end_q, end_qq, end_qqq;
  logic [WeightBits-1:0] weight;
  logic [ActBits-1:0] act;
  logic signed [AccBits-1:0] acc;

  ganglion_bank #(
    .ActBits(ActBits), .AddressBits(AddressBits), .Pipelining(Pipelining)
  ) u_bank (
    .clk_i, .we_i, .waddr_i, .wdata_i,
    .raddr_i (word_i[EndBits+WeightBits+:AddressBits]),
    .rdata_o (act)
  );
  ganglion_delay #(.Bits(1), .Cycles(Pipelining), .Resets(1)) u_run (
    .clk_i, .rst_ni, .data_i(run_i), .data_o(run)
  );
  ganglion_delay #(.Bits(EndBits + WeightBits), .Cycles(Pipelining)) u_word (
    .clk_i, .rst_ni(1'b1), .data_i(word_i[0+:EndBits+WeightBits]), .data_o({weight, ends})
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      {end_q, end_qq, end_qqq} <= '0;
    end else begin
      if (run) first_q <= ends != '0;
      end_q   <= run ? ends : '0;
      end_qq  <= end_q;
      end_qqq <= end_qq;
    end
  end

  // A share begins at zero: the bias comes with the sum.
  ganglion_mac #(
    .ActBits(ActBits), .WeightBits(WeightBits), .AccBits(AccBits), .BiasBits(2), .UseDsp(UseDsp)
  ) u_mac (
    .clk_i, .rst_ni,
    .valid_i  (run),
    .first_i  (first_q),
    .act_i    (act),
    .weight_i (weight),
    .bias_i   ('0),
    .acc_o    (acc)
  );

  ganglion_share_queue #(.Bits(AccBits), .EndBits(EndBits), .Depth(Shares)) u_queue (
    .clk_i, .rst_ni,
    .push_i  (end_qqq),
    .data_i  (acc),
    .pop_i,
    .share_o
  );
endmodule

// Adds the lanes' shares of a neuron to its bias and requantizes: for the output or a lane's bank.
// Latency 2 + Pipelining cycles from pop_i to emit_o and store_o; interval 1.
// No handshake: share_i comes a cycle after pop_i; the neurons come in the order of the table.
// Golden: Sum of hw.engines.folded.columns.program; the adds in its interpret.
module ganglion_column_sums #(
  parameter  int unsigned Lanes       = 8,
  parameter  int unsigned AddressBits = 6,
  parameter  int unsigned ActBits     = 8,
  parameter  int unsigned AccBits     = 22,
  parameter  int unsigned BiasBits    = 18,
  parameter  int unsigned Sums        = 19,  // neurons of a vector
  parameter  int unsigned OutBits     = 8,
  parameter  int unsigned OutShift    = 6,
  parameter  int unsigned Modes       = 1,
  parameter  logic [8*Modes-1:0] Shifts = {Modes{8'd6}},
  parameter  logic [8*Modes-1:0] Widths = {Modes{8'd8}},
  parameter  int unsigned Pipelining  = 0,
  parameter               SumsFile    = "",
  localparam int unsigned SelectBits  = Lanes > 1 ? $clog2(Lanes) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          pop_i,
  input  logic [Lanes-1:0][AccBits-1:0] share_i,
  output logic                          emit_o,
  output logic [OutBits-1:0]            emitted_o,
  output logic                          store_o,
  output logic [SelectBits-1:0]         lane_o,
  output logic [AddressBits-1:0]        addr_o,
  output logic [ActBits-1:0]            stored_o
);
  // The groups halve the way through the adders.
  localparam int unsigned Group    = 1 << (($clog2(Lanes) + 1) / 2);
  localparam int unsigned Groups   = (Lanes + Group - 1) / Group;
  // Mode 0 is the output's, 1 + m the hidden layers' m.
  localparam int unsigned ModeBits = $clog2(Modes + 1);
  localparam int unsigned Bits     = ActBits > OutBits ? ActBits : OutBits;
  localparam int unsigned EntryBits = ModeBits + SelectBits + AddressBits + BiasBits;
  localparam int unsigned IndexBits = Sums > 1 ? $clog2(Sums) : 1;

  (* ram_style = "block", rom_style = "block" *) logic [EntryBits-1:0] entries [Sums];
  initial if (SumsFile != "") $readmemh(SumsFile, entries);

  logic pop_q, pop_qq, emit, store;
  logic [IndexBits-1:0] index_q;
  logic [EntryBits-1:0] entry_q, entry_qq;
  logic [Groups-1:0][AccBits-1:0] group, group_q;
  logic signed [BiasBits-1:0] bias;
  logic [AccBits-1:0] total;
  logic [ModeBits-1:0] mode;
  logic [SelectBits-1:0] lane;
  logic [AddressBits-1:0] addr;
  logic [Bits-1:0] result;

  for (genvar g = 0; g < Groups; g++) begin : g_group
    localparam int unsigned Terms = (g + 1) * Group > Lanes ? Lanes - g * Group : Group;
    ganglion_adder_tree #(.Terms(Terms), .Bits(AccBits)) u_group (
      .term_i(share_i[g*Group+:Terms]), .sum_o(group[g])
    );
  end
  ganglion_adder_tree #(.Terms(Groups + 1), .Bits(AccBits)) u_total (
    .term_i({group_q, AccBits'(bias)}), .sum_o(total)
  );

  assign {mode, lane, addr, bias} = entry_qq;
  assign emit  = pop_qq && mode == '0;
  assign store = pop_qq && mode != '0;
  always_ff @(posedge clk_i) begin
    entry_q  <= entries[index_q];
    entry_qq <= entry_q;
    group_q  <= group;
    pop_q    <= rst_ni && pop_i;
    pop_qq   <= rst_ni && pop_q;
    if (!rst_ni) index_q <= '0;
    else if (pop_i) index_q <= index_q == IndexBits'(Sums - 1) ? '0 : index_q + 1'b1;
  end

  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(Bits), .Modes(Modes + 1), .Shifts({Shifts, 8'(OutShift)}),
    .Widths({Widths, 8'(OutBits)})
  ) u_requantize (
    .acc_i(total), .mode_i(mode), .out_o(result)
  );

  ganglion_delay #(.Bits(2), .Cycles(Pipelining), .Resets(1)) u_valid (
    .clk_i, .rst_ni, .data_i({emit, store}), .data_o({emit_o, store_o})
  );
  ganglion_delay #(
    .Bits(OutBits + ActBits + SelectBits + AddressBits), .Cycles(Pipelining)
  ) u_result (
    .clk_i, .rst_ni(1'b1), .data_i({OutBits'(result), ActBits'(result), lane, addr}),
    .data_o({emitted_o, stored_o, lane_o, addr_o})
  );
endmodule

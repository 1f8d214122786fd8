// Modules side by side, one of them awake: its inputs are the word's, its outputs of the same cycle the answer.
// Latency 0: a word in and a word out in every cycle; a module that is not selected sees zeros.
// Handshake promise: always ready; the reader must be so, too.
// Golden: the models in tests/hw/modules.
`define DUT(NUMBER, NAME) \
  NAME``_in_t NAME``_i; \
  NAME``_out_t NAME``_o; \
  assign NAME``_i = $bits(NAME``_in_t)'(s_axis_tdata[255:8] & {248{taken && s_axis_tdata[7:0] == NUMBER}}); \
  assign answer[NUMBER] = 256'(NAME``_o);

module modules_top (
  input  logic         ap_clk,
  input  logic         ap_rst_n,
  input  logic [255:0] s_axis_tdata,
  input  logic         s_axis_tvalid,
  output logic         s_axis_tready,
  output logic [255:0] m_axis_tdata,
  output logic         m_axis_tvalid,
  input  logic         m_axis_tready
);
  localparam logic [15:0] Shifts = {8'd4, 8'd2}, Widths = {8'd4, 8'd6};
  logic [255:0] answer [17];
  wire taken = s_axis_tvalid && ap_rst_n;
  wire clk_i = ap_clk, rst_ni = ap_rst_n;
  assign s_axis_tready = ap_rst_n;
  assign m_axis_tvalid = taken;
  assign m_axis_tdata = answer[s_axis_tdata[4:0]];
  wire unused = m_axis_tready;

  typedef struct packed {logic [4:0][11:0] term;} tree_in_t;
  typedef struct packed {logic [11:0] sum;} tree_out_t;
  `DUT(0, tree)
  ganglion_adder_tree #(.Terms(5), .Bits(12)) u_tree (.term_i(tree_i.term), .sum_o(tree_o.sum));
  typedef struct packed {logic we; logic [2:0] waddr; logic [7:0] wdata; logic [2:0] raddr;} bank_in_t;
  typedef struct packed {logic [7:0] rdata;} bank_out_t;
  `DUT(1, bank)
  ganglion_bank #(.ActBits(8), .AddressBits(3)) u_bank (
    .clk_i, .we_i(bank_i.we), .waddr_i(bank_i.waddr), .wdata_i(bank_i.wdata), .raddr_i(bank_i.raddr),
    .rdata_o(bank_o.rdata)
  );
  typedef struct packed {
    logic restart; logic [1:0] valid; logic [1:0][7:0] result; logic load_we; logic [2:0] load_addr;
    logic [7:0] load_data;
  } port_in_t;
  typedef struct packed {logic busy, we; logic [2:0] addr; logic [7:0] data;} port_out_t;
  `DUT(2, port)
  ganglion_write_port #(.Sources(2), .ActBits(8), .AddressBits(3), .Depth(5), .Results(9)) u_port (
    .clk_i, .rst_ni, .restart_i(port_i.restart), .valid_i(port_i.valid), .result_i(port_i.result),
    .busy_o(port_o.busy), .load_we_i(port_i.load_we), .load_addr_i(port_i.load_addr),
    .load_data_i(port_i.load_data), .we_o(port_o.we), .addr_o(port_o.addr), .data_o(port_o.data)
  );
  typedef struct packed {
    logic restart; logic [4:0] write; logic [4:0][7:0] result; logic store; logic [1:0] store_bank;
    logic [7:0] stored; logic [1:0] load_we; logic [2:0] load_addr; logic [1:0][7:0] load_data;
    logic [1:0][2:0][2:0] addr;
  } banks_in_t;
  typedef struct packed {
    logic [1:0] busy; logic [1:0][2:0][7:0] act; logic [2:0] we; logic [2:0][7:0] data;
  } banks_out_t;
  `DUT(3, banks)
  ganglion_banks #(
    .Lanes(5), .Banks(3), .Replicas(2), .InValues(2), .ActBits(8), .AddressBits(3), .Depth(6), .Results(6)
  ) u_banks (
    .clk_i, .rst_ni, .restart_i(banks_i.restart), .write_i(banks_i.write), .result_i(banks_i.result),
    .store_i(banks_i.store), .store_bank_i(banks_i.store_bank), .stored_i(banks_i.stored),
    .load_we_i(banks_i.load_we), .load_addr_i(banks_i.load_addr), .load_data_i(banks_i.load_data),
    .busy_o(banks_o.busy), .addr_i(banks_i.addr), .act_o(banks_o.act), .we_o(banks_o.we),
    .data_o(banks_o.data)
  );
  typedef struct packed {logic [1:0][2:0] index;} rom_in_t;
  typedef struct packed {logic [1:0][9:0] bias;} rom_out_t;
  `DUT(4, rom)
  ganglion_bias_rom #(.Lanes(2), .BiasBits(10), .IndexBits(3), .BiasFile("mem/bias.dat")) u_rom (
    .clk_i, .index_i(rom_i.index), .bias_o(rom_o.bias)
  );
  typedef struct packed {logic ready, arrived;} sequencer_in_t;
  typedef struct packed {logic start, run, last; logic [11:0] word;} sequencer_out_t;
  `DUT(5, sequencer)
  ganglion_sequencer #(
    .WordBits(12), .Cycles(7), .Awaited(3), .ProgramFile("mem/program.dat")
  ) u_sequencer (
    .clk_i, .rst_ni, .ready_i(sequencer_i.ready), .arrived_i(sequencer_i.arrived),
    .start_o(sequencer_o.start), .run_o(sequencer_o.run), .last_o(sequencer_o.last),
    .word_o(sequencer_o.word)
  );
  typedef struct packed {logic tvalid; logic [9:0] tdata; logic releases; logic [1:0] busy;} loader_in_t;
  typedef struct packed {
    logic tready, done; logic [1:0] we; logic [2:0] addr; logic [1:0][4:0] data;
  } loader_out_t;
  `DUT(6, loader)
  ganglion_loader #(
    .Width(2), .Words(3), .InBits(5), .InSigned(1), .AddressBits(3), .Base(5)
  ) u_loader (
    .clk_i, .rst_ni, .tdata_i(loader_i.tdata), .tvalid_i(loader_i.tvalid), .tready_o(loader_o.tready),
    .release_i(loader_i.releases), .done_o(loader_o.done), .busy_i(loader_i.busy), .we_o(loader_o.we),
    .addr_o(loader_o.addr), .data_o(loader_o.data)
  );
  typedef struct packed {logic reduce; logic [4:0] capture; logic [4:0][13:0] acc;} reduction_in_t;
  typedef struct packed {logic valid; logic [1:0][13:0] group; logic [13:0] total;} reduction_out_t;
  `DUT(7, reduction)
  ganglion_reduction #(.Lanes(5), .Groups(2), .AccBits(14)) u_reduction (
    .clk_i, .rst_ni, .capture_i(reduction_i.capture), .acc_i(reduction_i.acc),
    .reduce_i(reduction_i.reduce), .valid_o(reduction_o.valid), .group_o(reduction_o.group),
    .total_o(reduction_o.total)
  );
  typedef struct packed {
    logic run, last; logic [1:0] reduce; logic [1:0] bank; logic [4:0] capture; logic [4:0][13:0] acc;
  } collector_in_t;
  typedef struct packed {
    logic restart, emits; logic [1:0][4:0] emitted; logic store; logic [1:0] bank; logic [5:0] stored;
  } collector_out_t;
  `DUT(8, collector)
  ganglion_collector #(
    .Lanes(5), .AccBits(14), .ActBits(6), .OutValues(2), .OutBits(5), .OutShift(3), .Modes(2),
    .Shifts(Shifts), .Widths(Widths), .Stores(1), .SelectBits(2)
  ) u_collector (
    .clk_i, .rst_ni, .run_i(collector_i.run), .last_i(collector_i.last), .reduce_i(collector_i.reduce),
    .bank_i(collector_i.bank), .capture_i(collector_i.capture), .acc_i(collector_i.acc),
    .restart_o(collector_o.restart), .emit_o(collector_o.emits), .emitted_o(collector_o.emitted),
    .store_o(collector_o.store), .bank_o(collector_o.bank), .stored_o(collector_o.stored)
  );
  typedef struct packed {
    logic run, last; logic [1:0] action; logic [4:0] weight; logic [1:0] select; logic [2:0][5:0] act;
    logic [9:0] bias;
  } lane_in_t;
  typedef struct packed {
    logic [2:0] index; logic capture; logic [17:0] acc; logic write; logic [5:0] result;
  } lane_out_t;
  `DUT(9, lane)
  ganglion_lane #(
    .Banks(3), .ActBits(6), .WeightBits(5), .AccBits(18), .BiasBits(10), .IndexBits(3), .Modes(2),
    .Shifts(Shifts), .Widths(Widths)
  ) u_lane (
    .clk_i, .rst_ni, .run_i(lane_i.run), .last_i(lane_i.last), .action_i(lane_i.action),
    .weight_i(lane_i.weight), .select_i(lane_i.select), .act_i(lane_i.act),
    .bias_index_o(lane_o.index), .bias_i(lane_i.bias), .capture_o(lane_o.capture),
    .acc_o(lane_o.acc), .write_o(lane_o.write), .result_o(lane_o.result)
  );
  typedef struct packed {logic run, last; logic [1:0][8:0] word; logic [1:0][2:0][5:0] act;} lanes_in_t;
  typedef struct packed {
    logic [1:0] capture; logic [1:0][17:0] acc; logic [1:0] write; logic [1:0][5:0] result;
  } lanes_out_t;
  `DUT(10, lanes)
  ganglion_lanes #(
    .Lanes(2), .Banks(3), .ActBits(6), .WeightBits(5), .AccBits(18), .BiasBits(10), .IndexBits(3),
    .Modes(2), .Shifts(Shifts), .Widths(Widths), .UseDsp(0), .BiasFile("mem/bias.dat")
  ) u_lanes (
    .clk_i, .rst_ni, .run_i(lanes_i.run), .last_i(lanes_i.last), .word_i(lanes_i.word),
    .act_i(lanes_i.act), .capture_o(lanes_o.capture), .acc_o(lanes_o.acc), .write_o(lanes_o.write),
    .result_o(lanes_o.result)
  );
  typedef struct packed {logic start, push; logic [7:0] data; logic tready;} queue_in_t;
  typedef struct packed {logic room, tvalid; logic [7:0] tdata;} queue_out_t;
  `DUT(11, queue)
  ganglion_result_queue #(.Width(2), .OutBits(4), .OutSigned(1), .Words(3)) u_queue (
    .clk_i, .rst_ni, .start_i(queue_i.start), .room_o(queue_o.room), .push_i(queue_i.push),
    .data_i(queue_i.data), .tdata_o(queue_o.tdata), .tvalid_o(queue_o.tvalid), .tready_i(queue_i.tready)
  );
  typedef struct packed {logic push; logic [7:0] data; logic m_ready;} fifo_in_t;
  typedef struct packed {logic m_valid; logic [7:0] m_data;} fifo_out_t;
  `DUT(12, fifo)
  ganglion_output_fifo #(.Bits(8), .Depth(5)) u_fifo (
    .clk_i, .rst_ni, .push_i(fifo_i.push), .data_i(fifo_i.data), .m_valid_o(fifo_o.m_valid),
    .m_data_o(fifo_o.m_data), .m_ready_i(fifo_i.m_ready)
  );
  typedef struct packed {logic s_valid; logic [7:0] data; logic m_ready;} pipeline_in_t;
  typedef struct packed {logic s_ready; logic [2:0] valid; logic m_valid; logic [7:0] m_data;} pipeline_out_t;
  `DUT(13, pipeline)
  ganglion_pipeline_stream #(.OutBits(8), .Latency(3)) u_pipeline (
    .clk_i, .rst_ni, .s_valid_i(pipeline_i.s_valid), .s_ready_o(pipeline_o.s_ready),
    .valid_o(pipeline_o.valid), .data_i(pipeline_i.data), .m_valid_o(pipeline_o.m_valid),
    .m_data_o(pipeline_o.m_data), .m_ready_i(pipeline_i.m_ready)
  );
  typedef struct packed {logic [1:0] we; logic [1:0][5:0] data;} tap_in_t;
  typedef struct packed {logic tvalid, tready; logic [23:0] tdata;} tap_out_t;
  `DUT(14, tap)
  ganglion_tap #(
    .Banks(2), .ActBits(6), .First(2), .Features(4), .Bits(5), .IsSigned(1), .Results(4),
    .OrderFile("mem/order.dat")
  ) u_tap (
    .clk_i, .rst_ni, .we_i(tap_i.we), .data_i(tap_i.data), .tdata_o(tap_o.tdata),
    .tvalid_o(tap_o.tvalid), .tready_o(tap_o.tready)
  );
  typedef struct packed {logic s_valid; logic [9:0] s_data; logic m_ready;} widen_in_t;
  typedef struct packed {logic s_ready, m_valid; logic [29:0] m_data;} widen_out_t;
  `DUT(15, widen)
  ganglion_widen #(.Bits(5), .InValues(2), .OutValues(6), .Features(10)) u_widen (
    .clk_i, .rst_ni, .s_data_i(widen_i.s_data), .s_valid_i(widen_i.s_valid), .s_ready_o(widen_o.s_ready),
    .m_data_o(widen_o.m_data), .m_valid_o(widen_o.m_valid), .m_ready_i(widen_i.m_ready)
  );
  typedef struct packed {logic s_valid; logic [34:0] s_data; logic m_ready;} narrow_in_t;
  typedef struct packed {logic s_ready, m_valid; logic [14:0] m_data;} narrow_out_t;
  `DUT(16, narrow)
  ganglion_narrow #(.Bits(5), .Features(7), .OutValues(3)) u_narrow (
    .clk_i, .rst_ni, .s_data_i(narrow_i.s_data), .s_valid_i(narrow_i.s_valid),
    .s_ready_o(narrow_o.s_ready), .m_data_o(narrow_o.m_data), .m_valid_o(narrow_o.m_valid),
    .m_ready_i(narrow_i.m_ready)
  );
endmodule
`undef DUT

// Two ganglion_macs, in DSP and in LUTs, behind AXI-Stream: first and valid, activation, weight, bias in; both sums out.
// Latency 3 cycles, interval 1.
// Handshake promise: always ready; the reader must be so, too.
// Golden: numpy.cumsum.
module mac_top (
  input  logic        ap_clk,
  input  logic        ap_rst_n,
  input  logic [63:0] s_axis_tdata,
  input  logic        s_axis_tvalid,
  output logic        s_axis_tready,
  output logic [63:0] m_axis_tdata,
  output logic        m_axis_tvalid,
  input  logic        m_axis_tready
);
  logic [2:0] valid_q;
  logic signed [15:0] bias_q;
  logic signed [21:0] acc [2];
  assign s_axis_tready = ap_rst_n;
  wire taken = s_axis_tvalid && s_axis_tready;
  always_ff @(posedge ap_clk) begin
    valid_q <= {valid_q[1:0], taken};
    bias_q  <= s_axis_tdata[63:48];
  end
  for (genvar i = 0; i < 2; i++) begin : g_mac
    ganglion_mac #(.ActBits(8), .WeightBits(8), .AccBits(22), .BiasBits(16), .UseDsp(i == 0)) u_mac (
      .clk_i(ap_clk), .rst_ni(ap_rst_n),
      .valid_i  (taken && s_axis_tdata[1]),
      .first_i  (s_axis_tdata[0] && taken),
      .act_i    (s_axis_tdata[23:16]),
      .weight_i (s_axis_tdata[39:32]),
      .bias_i   (bias_q),
      .acc_o    (acc[i])
    );
  end
  assign m_axis_tdata  = {32'(acc[1]), 32'(acc[0])};
  assign m_axis_tvalid = valid_q[2];
  logic unused;
  assign unused = ^{m_axis_tready, s_axis_tdata};
endmodule

// ganglion_requantize behind AXI-Stream: a word of accumulator and mode becomes an activation.
// Latency 0: combinational.
// Handshake promise: that of the stream, passed through.
// Golden: ganglion.hw.engines.folded.lower.Requantization.apply.
module requantize_top (
  input  logic        ap_clk,
  input  logic        ap_rst_n,
  input  logic [47:0] s_axis_tdata,
  input  logic        s_axis_tvalid,
  output logic        s_axis_tready,
  output logic [7:0]  m_axis_tdata,
  output logic        m_axis_tvalid,
  input  logic        m_axis_tready
);
  ganglion_requantize #(
    .AccBits(24), .OutBits(8), .Modes(4),
    .Shifts({8'd18, 8'd0, 8'd9, 8'd6}), .Widths({8'd8, 8'd3, 8'd5, 8'd8})
  ) u_requantize (.acc_i(s_axis_tdata[23:0]), .mode_i(s_axis_tdata[25:24]), .out_o(m_axis_tdata));
  assign s_axis_tready = m_axis_tready && ap_rst_n;
  assign m_axis_tvalid = s_axis_tvalid && ap_rst_n;
  logic unused;
  assign unused = ^{ap_clk, s_axis_tdata[47:26]};
endmodule

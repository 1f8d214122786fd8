// The accelerator as a block design takes it: ganglion_top with TLAST after the last word of each result, for the DMA.
// No latency of its own; the handshake is ganglion_top's. Verilog, because Vivado takes no SystemVerilog module here.
// Golden: ganglion_top.
module accelerator #(
  parameter InBits = 8,
  parameter OutBits = 8,
  parameter OutWords = 1
) (
  (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET ap_rst_n" *)
  input  wire               ap_clk,
  input  wire               ap_rst_n,
  input  wire [InBits-1:0]  s_axis_tdata,
  input  wire               s_axis_tvalid,
  output wire               s_axis_tready,
  output wire [OutBits-1:0] m_axis_tdata,
  output wire               m_axis_tvalid,
  output wire               m_axis_tlast,
  input  wire               m_axis_tready
);
  reg [15:0] word_q;

  assign m_axis_tlast = word_q == OutWords - 1;

  always @(posedge ap_clk)
    if (!ap_rst_n) word_q <= 16'd0;
    else if (m_axis_tvalid && m_axis_tready) word_q <= m_axis_tlast ? 16'd0 : word_q + 16'd1;

  ganglion_top top (
    .ap_clk(ap_clk),
    .ap_rst_n(ap_rst_n),
    .s_axis_tdata(s_axis_tdata),
    .s_axis_tvalid(s_axis_tvalid),
    .s_axis_tready(s_axis_tready),
    .m_axis_tdata(m_axis_tdata),
    .m_axis_tvalid(m_axis_tvalid),
    .m_axis_tready(m_axis_tready)
  );
endmodule

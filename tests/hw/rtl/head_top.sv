// The action head as an accelerator of its own: a vector of three values in, its answer out.
// Latency and interval are those of ganglion_head.
// AXI-Stream handshake.
// Golden: ganglion.models.spec.heads
module head_top (
  input  logic                        ap_clk,
  input  logic                        ap_rst_n,
  input  logic [7:0]                  s_axis_tdata,
  input  logic                        s_axis_tvalid,
  output logic                        s_axis_tready,
  output logic [31:0]                 m_axis_tdata,
  output logic                        m_axis_tvalid,
  input  logic                        m_axis_tready
);
  logic [1:0] index_q;
  logic last, unused;

  assign last = index_q == 2'd2;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) index_q <= '0;
    else if (s_axis_tvalid && s_axis_tready) index_q <= last ? '0 : index_q + 1'b1;
  end

  ganglion_head u_head (
    .clk_i(ap_clk), .rst_ni(ap_rst_n),
    .s_data_i(s_axis_tdata[`BITS-1:0]), .s_last_i(last), .s_valid_i(s_axis_tvalid), .s_ready_o(s_axis_tready),
    .m_data_o(m_axis_tdata), .m_last_o(unused), .m_valid_o(m_axis_tvalid), .m_ready_i(m_axis_tready)
  );
endmodule

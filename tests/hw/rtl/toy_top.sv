// Two toy layers, 4 to 6 to 3 features, with a register-free chain between them and a tap on each boundary.
// Handshake promise: that of toy_layer.  Golden: ganglion.models.delta.DeltaNetwork.
module toy_top (
  input  logic        ap_clk,
  input  logic        ap_rst_n,
  input  logic [15:0] s_axis_tdata,
  input  logic        s_axis_tvalid,
  output logic        s_axis_tready,
  output logic [23:0] m_axis_tdata,
  output logic        m_axis_tvalid,
  input  logic        m_axis_tready
`ifdef GANGLION_TAPS
  , output logic [15:0] tap0_tdata
  , output logic        tap0_tvalid
  , output logic        tap0_tready
  , output logic [23:0] tap1_tdata
  , output logic        tap1_tvalid
  , output logic        tap1_tready
`endif
);
  logic [15:0] hidden_tdata;
  logic hidden_tvalid, hidden_tready;

  toy_layer #(
    .In(4), .InValues(2), .Out(6), .OutValues(2), .WeightFile("mem/fc1.dat"), .FirstFault(1), .LastFault(6)
  ) u_fc1 (
    .ap_clk, .ap_rst_n,
    .in_tdata(s_axis_tdata), .in_tvalid(s_axis_tvalid), .in_tready(s_axis_tready),
    .out_tdata(hidden_tdata), .out_tvalid(hidden_tvalid), .out_tready(hidden_tready)
  );

  toy_layer #(
    .In(6), .InValues(2), .Out(3), .OutValues(3), .InSigned(0), .OutSigned(1), .Shift(9),
    .WeightFile("mem/fc2.dat"), .Layer(1), .FirstFault(7), .LastFault(7)
  ) u_fc2 (
    .ap_clk, .ap_rst_n,
    .in_tdata(hidden_tdata), .in_tvalid(hidden_tvalid), .in_tready(hidden_tready),
    .out_tdata(m_axis_tdata), .out_tvalid(m_axis_tvalid), .out_tready(m_axis_tready)
  );

`ifdef GANGLION_TAPS
  assign {tap0_tdata, tap0_tvalid, tap0_tready} = {hidden_tdata, hidden_tvalid, hidden_tready};
  assign {tap1_tdata, tap1_tvalid, tap1_tready} = {m_axis_tdata, m_axis_tvalid, m_axis_tready};
`endif
endmodule

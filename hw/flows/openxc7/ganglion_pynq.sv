// A Zynq-7000 without Vivado: the processing system's clock FCLK0 and its port M_AXI_GP0 onto the AXI shell. No pins.
// Latency and interval of an access: those of ganglion_shell_axi. Who loads the bit file sets FCLK0, as the hwh says.
// AXI3 handshake of ganglion_shell_axi; identifiers are returned.
// Golden: ganglion_shell_axi.
module ganglion_pynq #(
  parameter int unsigned AddressBits = 12
) ();
  localparam int unsigned IdBits = 12;

  logic [3:0] fclk, fclk_rst_n;
  logic clk;
  BUFG u_bufg (.I(fclk[0]), .O(clk));

  logic [1:0] rst_q;
  always_ff @(posedge clk) rst_q <= {rst_q[0], fclk_rst_n[0]};

  logic [31:0] awaddr, araddr, wdata, rdata;
  logic [IdBits-1:0] awid, arid, bid, rid;
  logic [3:0] awlen, arlen, wstrb;
  logic [1:0] awsize, arsize, awburst, arburst, bresp, rresp;
  logic awvalid, awready, wvalid, wlast, wready, bvalid, bready;
  logic arvalid, arready, rvalid, rlast, rready;

  logic unused;
  assign unused = ^{fclk[3:1], fclk_rst_n[3:1], awaddr[31:AddressBits], araddr[31:AddressBits]};

  (* keep *) PS7 u_ps7 (
    .FCLKCLK(fclk), .FCLKRESETN(fclk_rst_n), .FCLKCLKTRIGN(4'b0), .MAXIGP0ACLK(clk),
    .MAXIGP0AWADDR(awaddr), .MAXIGP0AWID(awid), .MAXIGP0AWLEN(awlen), .MAXIGP0AWSIZE(awsize),
    .MAXIGP0AWBURST(awburst), .MAXIGP0AWVALID(awvalid), .MAXIGP0AWREADY(awready),
    .MAXIGP0WDATA(wdata), .MAXIGP0WSTRB(wstrb), .MAXIGP0WLAST(wlast), .MAXIGP0WVALID(wvalid),
    .MAXIGP0WREADY(wready),
    .MAXIGP0BID(bid), .MAXIGP0BRESP(bresp), .MAXIGP0BVALID(bvalid), .MAXIGP0BREADY(bready),
    .MAXIGP0ARADDR(araddr), .MAXIGP0ARID(arid), .MAXIGP0ARLEN(arlen), .MAXIGP0ARSIZE(arsize),
    .MAXIGP0ARBURST(arburst), .MAXIGP0ARVALID(arvalid), .MAXIGP0ARREADY(arready),
    .MAXIGP0RDATA(rdata), .MAXIGP0RID(rid), .MAXIGP0RRESP(rresp), .MAXIGP0RLAST(rlast),
    .MAXIGP0RVALID(rvalid), .MAXIGP0RREADY(rready)
  );

  ganglion_shell_axi #(
    .IdBits(IdBits)
  ) u_shell (
    .aclk(clk), .aresetn(rst_q[1]),
    .s_axi_awid(awid), .s_axi_awaddr(awaddr[AddressBits-1:0]), .s_axi_awlen({4'b0, awlen}),
    .s_axi_awsize({1'b0, awsize}), .s_axi_awburst(awburst),
    .s_axi_awvalid(awvalid), .s_axi_awready(awready),
    .s_axi_wdata(wdata), .s_axi_wstrb(wstrb), .s_axi_wlast(wlast),
    .s_axi_wvalid(wvalid), .s_axi_wready(wready),
    .s_axi_bid(bid), .s_axi_bresp(bresp), .s_axi_bvalid(bvalid), .s_axi_bready(bready),
    .s_axi_arid(arid), .s_axi_araddr(araddr[AddressBits-1:0]), .s_axi_arlen({4'b0, arlen}),
    .s_axi_arsize({1'b0, arsize}), .s_axi_arburst(arburst),
    .s_axi_arvalid(arvalid), .s_axi_arready(arready),
    .s_axi_rid(rid), .s_axi_rdata(rdata), .s_axi_rresp(rresp), .s_axi_rlast(rlast),
    .s_axi_rvalid(rvalid), .s_axi_rready(rready), .interrupt()
  );
endmodule

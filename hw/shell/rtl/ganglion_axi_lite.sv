// An AXI4-Lite slave of the register block: one write and one read at a time, at once or not.
// Latency 2 cycles from address and data to a write's response, 1 from address to data; interval 2.
// AXI handshake: a write's address and data come in any order; every ready is a register's output.
// Golden: none, accesses are passed on; errors are answered SLVERR.
module ganglion_axi_lite #(
  parameter int unsigned AddressBits = 12
) (
  input  logic                   aclk,
  input  logic                   aresetn,
  input  logic [AddressBits-1:0] s_axi_awaddr,
  input  logic                   s_axi_awvalid,
  output logic                   s_axi_awready,
  input  logic [31:0]            s_axi_wdata,
  input  logic [3:0]             s_axi_wstrb,
  input  logic                   s_axi_wvalid,
  output logic                   s_axi_wready,
  output logic [1:0]             s_axi_bresp,
  output logic                   s_axi_bvalid,
  input  logic                   s_axi_bready,
  input  logic [AddressBits-1:0] s_axi_araddr,
  input  logic                   s_axi_arvalid,
  output logic                   s_axi_arready,
  output logic [31:0]            s_axi_rdata,
  output logic [1:0]             s_axi_rresp,
  output logic                   s_axi_rvalid,
  input  logic                   s_axi_rready,
  output logic                   write_o,
  output logic [AddressBits-1:0] write_address_o,
  output logic [31:0]            write_data_o,
  output logic [3:0]             write_strobe_o,
  input  logic                   write_error_i,
  output logic                   read_o,
  output logic [AddressBits-1:0] read_address_o,
  input  logic [31:0]            read_data_i,
  input  logic                   read_error_i
);
  logic has_address_q, has_data_q, answering_q, error_q, reading_q;
  logic live_q;  // low in the cycle after reset, when the ready are still low

  assign s_axi_awready = live_q && !has_address_q;
  assign s_axi_wready  = live_q && !has_data_q;
  assign s_axi_bvalid  = answering_q;
  assign s_axi_bresp   = {error_q, 1'b0};
  assign write_o       = has_address_q && has_data_q && !answering_q;

  assign s_axi_arready  = live_q && !reading_q;
  assign s_axi_rvalid   = reading_q;
  assign s_axi_rdata    = read_data_i;
  assign s_axi_rresp    = {read_error_i, 1'b0};
  assign read_o         = s_axi_arvalid && s_axi_arready;
  assign read_address_o = s_axi_araddr;

  always_ff @(posedge aclk) begin
    if (s_axi_awvalid && s_axi_awready) write_address_o <= s_axi_awaddr;
    if (s_axi_wvalid && s_axi_wready) {write_data_o, write_strobe_o} <= {s_axi_wdata, s_axi_wstrb};
    if (write_o) error_q <= write_error_i;
  end

  always_ff @(posedge aclk) begin
    if (!aresetn) begin
      {live_q, has_address_q, has_data_q, answering_q, reading_q} <= '0;
    end else begin
      live_q        <= 1'b1;
      has_address_q <= (has_address_q && !write_o) || (s_axi_awvalid && s_axi_awready);
      has_data_q    <= (has_data_q && !write_o) || (s_axi_wvalid && s_axi_wready);
      answering_q   <= write_o || (answering_q && !s_axi_bready);
      reading_q     <= read_o || (reading_q && !s_axi_rready);
    end
  end
endmodule

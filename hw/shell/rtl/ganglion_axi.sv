// An AXI3 or AXI4 slave of the register block: a processing system's port without interconnect.
// Latency 2 cycles from address and data to a response, 1 from address to data; a beat a cycle.
// AXI handshake: a write's address and data come in any order; a write and a read burst at a time.
// Golden: none, INCR bursts of 32-bit beats are passed on; others are answered SLVERR.
module ganglion_axi #(
  parameter int unsigned AddressBits = 12,
  parameter int unsigned IdBits      = 12
) (
  input  logic                   aclk,
  input  logic                   aresetn,
  input  logic [IdBits-1:0]      s_axi_awid,
  input  logic [AddressBits-1:0] s_axi_awaddr,
  input  logic [7:0]             s_axi_awlen,
  input  logic [2:0]             s_axi_awsize,
  input  logic [1:0]             s_axi_awburst,
  input  logic                   s_axi_awvalid,
  output logic                   s_axi_awready,
  input  logic [31:0]            s_axi_wdata,
  input  logic [3:0]             s_axi_wstrb,
  input  logic                   s_axi_wlast,
  input  logic                   s_axi_wvalid,
  output logic                   s_axi_wready,
  output logic [IdBits-1:0]      s_axi_bid,
  output logic [1:0]             s_axi_bresp,
  output logic                   s_axi_bvalid,
  input  logic                   s_axi_bready,
  input  logic [IdBits-1:0]      s_axi_arid,
  input  logic [AddressBits-1:0] s_axi_araddr,
  input  logic [7:0]             s_axi_arlen,
  input  logic [2:0]             s_axi_arsize,
  input  logic [1:0]             s_axi_arburst,
  input  logic                   s_axi_arvalid,
  output logic                   s_axi_arready,
  output logic [IdBits-1:0]      s_axi_rid,
  output logic [31:0]            s_axi_rdata,
  output logic [1:0]             s_axi_rresp,
  output logic                   s_axi_rlast,
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
  input  logic                   read_error_i,
  output logic                   bad_access_o   // a beat was refused here
);
  localparam logic [2:0] Size32 = 3'd2;
  localparam logic [1:0] Incr   = 2'd1;

  logic live_q;  // low in the cycle after reset, when the ready are still low

  // A write burst: its address, and a beat of its data, whichever comes first.
  logic has_address_q, has_data_q, answering_q, error_q, write_plain_q, last_q;
  logic write_ends, wrong_last, beat;
  logic [7:0] write_left_q;
  assign beat       = has_address_q && has_data_q && !answering_q;
  assign write_ends = last_q || write_left_q == '0;
  assign wrong_last = last_q != (write_left_q == '0);
  assign write_o    = beat && write_plain_q;

  assign s_axi_awready = live_q && !has_address_q && !answering_q;
  assign s_axi_wready  = live_q && (!has_data_q || beat);
  assign s_axi_bvalid  = answering_q;
  assign s_axi_bresp   = {error_q, 1'b0};

  always_ff @(posedge aclk) begin
    if (s_axi_awvalid && s_axi_awready) begin
      s_axi_bid       <= s_axi_awid;
      write_address_o <= s_axi_awaddr;
      write_left_q    <= s_axi_awlen;
      write_plain_q   <= s_axi_awsize == Size32 && (s_axi_awburst == Incr || s_axi_awlen == '0);
      error_q         <= 1'b0;
    end else if (beat) begin
      write_address_o <= write_address_o + AddressBits'(4);
      write_left_q    <= write_left_q - 1'b1;
      error_q         <= error_q || !write_plain_q || write_error_i || wrong_last;
    end
    if (s_axi_wvalid && s_axi_wready) begin
      {write_data_o, write_strobe_o, last_q} <= {s_axi_wdata, s_axi_wstrb, s_axi_wlast};
    end
  end

  // A read burst: the address of its next beat, the beats after the one that is offered.
  logic reading_q, read_plain_q, read_plain, accept, next;
  logic [7:0] read_left_q;
  logic [AddressBits-1:0] read_next_q;
  assign read_plain     = s_axi_arsize == Size32 && (s_axi_arburst == Incr || s_axi_arlen == '0);
  assign accept         = s_axi_arvalid && s_axi_arready;
  assign next           = reading_q && s_axi_rready && read_left_q != '0;
  assign read_o         = (accept && read_plain) || (next && read_plain_q);
  assign read_address_o = accept ? s_axi_araddr : read_next_q;

  assign s_axi_arready = live_q && !reading_q;
  assign s_axi_rvalid  = reading_q;
  assign s_axi_rlast   = read_left_q == '0;
  assign s_axi_rdata   = read_plain_q ? read_data_i : '0;
  assign s_axi_rresp   = {read_error_i || !read_plain_q, 1'b0};

  assign bad_access_o = (beat && (!write_plain_q || wrong_last)) || (accept && !read_plain);

  always_ff @(posedge aclk) begin
    if (accept) begin
      s_axi_rid    <= s_axi_arid;
      read_next_q  <= s_axi_araddr + AddressBits'(4);
      read_left_q  <= s_axi_arlen;
      read_plain_q <= read_plain;
    end else if (next) begin
      read_next_q <= read_next_q + AddressBits'(4);
      read_left_q <= read_left_q - 1'b1;
    end
  end

  always_ff @(posedge aclk) begin
    if (!aresetn) begin
      {live_q, has_address_q, has_data_q, answering_q, reading_q} <= '0;
    end else begin
      live_q        <= 1'b1;
      has_address_q <= (has_address_q && !(beat && write_ends)) || (s_axi_awvalid && s_axi_awready);
      has_data_q    <= (has_data_q && !beat) || (s_axi_wvalid && s_axi_wready);
      answering_q   <= (beat && write_ends) || (answering_q && !s_axi_bready);
      reading_q     <= accept || (reading_q && !(s_axi_rready && s_axi_rlast));
    end
  end
endmodule

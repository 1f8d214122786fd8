// A FIFO of Depth words of Bits bits in LUT RAM: the output stage of a pipeline that cannot stall.
// Latency 1 cycle from push to valid; initiation interval 1.
// Handshake: m_valid_o, m_data_o stay until m_ready_i. push_i must find room: its sender counts.
// Golden: none, order and values are kept.
module ganglion_output_fifo #(
  parameter int unsigned Bits = 8,
  parameter int unsigned Depth = 16
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            push_i,
  input  logic [Bits-1:0] data_i,
  output logic            m_valid_o,
  output logic [Bits-1:0] m_data_o,
  input  logic            m_ready_i
);
  localparam int unsigned AddressBits = $clog2(Depth);

  if (Bits < 1 || Depth < 2) begin : gen_check
    $error("ganglion_output_fifo: Bits = %0d, Depth = %0d, allowed from 1 and 2", Bits, Depth);
  end

  // Equal addresses mean empty; a bit above them tells full from empty.
  (* ram_style = "distributed" *) logic [Bits-1:0] words [2**AddressBits];
  logic [AddressBits:0] write_q, read_q;

  assign m_valid_o = write_q != read_q;
  assign m_data_o = words[read_q[AddressBits-1:0]];

  always_ff @(posedge clk_i) begin
    if (push_i) words[write_q[AddressBits-1:0]] <= data_i;
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      write_q <= write_q + (AddressBits + 1)'(push_i);
      read_q <= read_q + (AddressBits + 1)'(m_valid_o && m_ready_i);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && push_i && write_q - read_q >= (AddressBits + 1)'(Depth)) begin
      $error("ganglion_output_fifo: push into a full FIFO of %0d", Depth);
    end
  end
`endif
endmodule

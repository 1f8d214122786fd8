// Bytes onto an asynchronous line, 8N1.
// Latency 1 cycle from acceptance to the start bit; interval 10 * ClocksPerBit.
// Valid/ready handshake; ready_o does not follow valid_i.
// Golden: none, the receiver's bytes are those accepted.
module ganglion_uart_transmitter #(
  parameter int unsigned ClocksPerBit = 16
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       valid_i,
  output logic       ready_o,
  input  logic [7:0] data_i,
  output logic       tx_o
);
  localparam int unsigned PhaseBits = $clog2(ClocksPerBit);
  localparam logic [PhaseBits-1:0] LastPhase = PhaseBits'(ClocksPerBit - 1);
  if (ClocksPerBit < 8) begin : gen_check
    $error("ganglion_uart_transmitter: ClocksPerBit %0d, allowed from 8", ClocksPerBit);
  end

  // The bit on the line and those after it; ones follow the last.
  logic [9:0] bits_q;
  logic [3:0] left_q;
  logic [PhaseBits-1:0] phase_q;

  assign ready_o = left_q == '0 || (left_q == 4'd1 && phase_q == LastPhase);
  assign tx_o    = bits_q[0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bits_q  <= '1;
      left_q  <= '0;
      phase_q <= '0;
    end else if (ready_o) begin
      phase_q <= '0;
      bits_q  <= valid_i ? {1'b1, data_i, 1'b0} : '1;
      left_q  <= valid_i ? 4'd10 : '0;
    end else if (phase_q == LastPhase) begin
      phase_q <= '0;
      bits_q  <= {1'b1, bits_q[9:1]};
      left_q  <= left_q - 1'b1;
    end else begin
      phase_q <= phase_q + 1'b1;
    end
  end
endmodule

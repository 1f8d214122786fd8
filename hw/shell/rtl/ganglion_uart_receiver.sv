// Bytes from an asynchronous line, 8N1: a bit is the majority of three samples around its middle.
// Latency ClocksPerBit / 8 + 3 cycles from the middle of the stop bit; interval 10 * ClocksPerBit.
// No handshake: valid_o or error_o for a cycle a byte; error_o where the stop bit is low (a break).
// Golden: none, the bytes that were sent; a start bit that is high in its middle was noise.
module ganglion_uart_receiver #(
  parameter int unsigned ClocksPerBit = 16
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic       valid_o,
  output logic       error_o,
  output logic [7:0] data_o
);
  localparam int unsigned PhaseBits = $clog2(ClocksPerBit);
  localparam logic [PhaseBits-1:0] Middle = PhaseBits'((ClocksPerBit - 1) / 2);
  localparam logic [PhaseBits-1:0] Spread = PhaseBits'(ClocksPerBit / 8);
  localparam logic [PhaseBits-1:0] LastPhase = PhaseBits'(ClocksPerBit - 1);
  localparam logic [3:0] StopBit = 4'd9;
  if (ClocksPerBit < 8) begin : gen_check
    $error("ganglion_uart_receiver: ClocksPerBit %0d, allowed from 8", ClocksPerBit);
  end

  // Two flip-flops for the foreign clock, one more to see the line fall.
  logic [2:0] line_q;
  logic [1:0] samples_q;
  logic [PhaseBits-1:0] phase_q;
  logic [3:0] bit_q;
  logic [7:0] data_q;
  logic busy_q, decides, vote, line;

  assign line    = line_q[1];
  assign decides = busy_q && phase_q == Middle + Spread;
  assign vote    = (samples_q[0] && samples_q[1]) || (line && |samples_q);
  assign data_o  = data_q;

  always_ff @(posedge clk_i) begin
    line_q <= {line_q[1:0], rx_i};
    if (phase_q == Middle - Spread) samples_q[0] <= line;
    if (phase_q == Middle) samples_q[1] <= line;
    if (decides && bit_q != StopBit) data_q <= {vote, data_q[7:1]};
  end

  always_ff @(posedge clk_i) begin
    valid_o <= decides && bit_q == StopBit && vote;
    error_o <= decides && bit_q == StopBit && !vote;
    if (!busy_q) begin
      // The cycle in which the line is seen to be low is the start bit's first.
      busy_q  <= line_q[2] && !line;
      phase_q <= PhaseBits'(1);
      bit_q   <= '0;
    end else if (decides && (bit_q == StopBit || (bit_q == '0 && vote))) begin
      busy_q <= 1'b0;
    end else if (phase_q == LastPhase) begin
      phase_q <= '0;
      bit_q   <= bit_q + 1'b1;
    end else begin
      phase_q <= phase_q + 1'b1;
    end
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      valid_o <= 1'b0;
      error_o <= 1'b0;
    end
  end
endmodule

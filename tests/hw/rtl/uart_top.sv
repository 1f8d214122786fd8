// Receiver and transmitter back to back: what comes in at rx_i is sent again at tx_o.
// Latency and interval are those of the two.
// Handshake promise: none needed, the transmitter is as fast as the receiver.
// Golden: the bytes themselves.
module uart_top #(
  parameter int unsigned ClocksPerBit = 16
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic       tx_o,
  output logic       valid_o,
  output logic       error_o,
  output logic [7:0] data_o
);
  logic [7:0] byte_q;
  logic waits_q, ready;

  ganglion_uart_receiver #(.ClocksPerBit) u_receiver (.*);
  ganglion_uart_transmitter #(.ClocksPerBit) u_transmitter (
    .clk_i, .rst_ni, .valid_i(waits_q), .ready_o(ready), .data_i(byte_q), .tx_o
  );

  always_ff @(posedge clk_i) begin
    if (valid_o) byte_q <= data_o;
    waits_q <= rst_ni && (valid_o || (waits_q && !ready));
  end
endmodule

// Makes an AXI-Stream of a pipeline that never stops, Latency cycles from acceptance to data_i.
// Latency Latency + 1 cycles; initiation interval 1.
// Handshake: a vector is accepted when the output FIFO has room: no stall reaches the pipeline.
// Golden: none, order and values are kept. valid_o[k]: stage k of the pipeline holds a vector.
module ganglion_pipeline_stream #(
  parameter int unsigned OutBits = 8,
  parameter int unsigned Latency = 8
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               s_valid_i,
  output logic               s_ready_o,
  output logic [Latency-1:0] valid_o,
  input  logic [OutBits-1:0] data_i,
  output logic               m_valid_o,
  output logic [OutBits-1:0] m_data_o,
  input  logic               m_ready_i
);
  // A credit is away until the cycle after its word left: for one vector a clock, Latency + 2.
  localparam int unsigned Credits = Latency + 2;
  localparam int unsigned CreditBits = $clog2(Credits + 1);

  if (Latency < 1) begin : gen_check
    $error("ganglion_pipeline_stream: Latency = %0d, allowed from 1", Latency);
  end

  logic [CreditBits-1:0] credits_d, credits_q;
  logic [Latency-1:0] valid_q;
  logic accept, release_credit;

  assign s_ready_o = credits_q != 0;
  assign accept = s_valid_i && s_ready_o;
  assign release_credit = m_valid_o && m_ready_i;
  assign credits_d = credits_q + CreditBits'(release_credit) - CreditBits'(accept);
  assign valid_o = valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      credits_q <= CreditBits'(Credits);
      valid_q <= '0;
    end else begin
      credits_q <= credits_d;
      valid_q <= Latency'({valid_q, accept});
    end
  end

  ganglion_output_fifo #(.Bits(OutBits), .Depth(Credits)) u_fifo (
    .clk_i, .rst_ni, .push_i(valid_q[Latency-1]), .data_i, .m_valid_o, .m_data_o, .m_ready_i
  );
endmodule

// Between the program, which never waits, and AXI-Stream, which may: room for two vectors.
// Latency 1 cycle from push_i to tvalid_o, interval 1.
// AXI-Stream handshake, tvalid_o low in reset, tdata_o stable; room_o: a whole vector fits.
// Golden: the identity, less the offset of a signed output (models.spec.IntType.low).
module ganglion_result_queue #(
  parameter int unsigned Width     = 1,  // results a word
  parameter int unsigned OutBits   = 8,
  parameter bit          OutSigned = 1,
  parameter int unsigned Words     = 3   // a vector
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               start_i,  // reserves room for a vector
  output logic               room_o,
  input  logic               push_i,
  input  logic [Width-1:0][OutBits-1:0] data_i,
  output logic [Width-1:0][OutBits-1:0] tdata_o,
  output logic               tvalid_o,
  input  logic               tready_i
);
  localparam int unsigned PointerBits = $clog2(2 * Words);
  localparam int unsigned CountBits   = $clog2(2 * Words + 1);
  localparam logic [OutBits-1:0] Offset = OutSigned ? OutBits'(1) << (OutBits - 1) : '0;
  if (Width < 1 || Words < 1 || OutBits < 2 || OutBits > 16) begin : g_bad
    $error("ganglion_result_queue: Width %0d, Words %0d (from 1), OutBits %0d (2 to 16)",
           Width, Words, OutBits);
  end

  (* ram_style = "distributed" *) logic [Width*OutBits-1:0] words_q [1 << PointerBits];
  logic [PointerBits-1:0] head_q, tail_q;
  logic [CountBits-1:0] reserved_q, queued_q;
  logic pop;

  assign tvalid_o = queued_q != '0 && rst_ni;
  assign tdata_o  = words_q[head_q] ^ {Width{Offset}};
  assign pop      = tvalid_o && tready_i;
  assign room_o   = reserved_q <= CountBits'(Words);

  always_ff @(posedge clk_i) if (push_i) words_q[tail_q] <= data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {head_q, tail_q, reserved_q, queued_q} <= '0;
    end else begin
      head_q     <= head_q + PointerBits'(pop);
      tail_q     <= tail_q + PointerBits'(push_i);
      queued_q   <= queued_q + CountBits'(push_i) - CountBits'(pop);
      reserved_q <= reserved_q + (start_i ? CountBits'(Words) : '0) - CountBits'(pop);
    end
  end

`ifndef SYNTHESIS
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(push_i && queued_q == reserved_q))
    else $error("ganglion_result_queue: a result came for which no room was reserved");
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(start_i && !room_o))
    else $error("ganglion_result_queue: a vector started without room for its results");
`endif
endmodule

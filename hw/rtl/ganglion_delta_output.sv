// Sums up an output's shares in all units, requantizes and queues it.
// Latency 2 cycles from an output's shares to tvalid_o, interval 1.
// AXI-Stream handshake at the result; shares never wait, room_o says that a vector's results fit.
// Golden: models.reference.requantize of the sum, see hw.engines.folded.lower.
module ganglion_delta_output #(
  parameter int unsigned Units     = 16,
  parameter int unsigned AccBits   = 22,
  parameter int unsigned OutBits   = 8,
  parameter bit          OutSigned = 1,
  parameter int unsigned OutShift  = 6,
  parameter int unsigned Words     = 3
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           start_i,  // reserves room for a vector
  output logic                           room_o,
  input  logic                           valid_i,
  input  logic [Units-1:0][AccBits-1:0]  acc_i,
  output logic [OutBits-1:0]             tdata_o,
  output logic                           tvalid_o,
  input  logic                           tready_i
);
  // About as many groups as there are units in one.
  localparam int unsigned Groups = 1 << (($clog2(Units) + 1) / 2);

  if (Units < 2 || Units > 128) begin : g_bad
    $error("ganglion_delta_output: Units %0d, allowed 2 to 128", Units);
  end

  logic valid_q;
  logic [Groups-1:0][AccBits-1:0] group_d, group_q;
  logic [AccBits-1:0] total;
  logic [OutBits-1:0] result;

  for (genvar g = 0; g < Groups; g++) begin : g_group
    localparam int unsigned First = (g * Units + Groups - 1) / Groups;
    localparam int unsigned After = ((g + 1) * Units + Groups - 1) / Groups;
    ganglion_adder_tree #(.Terms(After - First), .Bits(AccBits)) u_group (
      .term_i(acc_i[First+:After-First]), .sum_o(group_d[g])
    );
  end
  always_ff @(posedge clk_i) begin
    group_q <= group_d;
    valid_q <= rst_ni && valid_i;
  end

  ganglion_adder_tree #(.Terms(Groups), .Bits(AccBits)) u_total (.term_i(group_q), .sum_o(total));
  ganglion_requantize #(
    .AccBits(AccBits), .OutBits(OutBits), .Modes(1), .Shifts(8'(OutShift)), .Widths(8'(OutBits))
  ) u_requantize (
    .acc_i(total), .mode_i(1'b0), .out_o(result)
  );
  ganglion_result_queue #(
    .Width(1), .OutBits(OutBits), .OutSigned(OutSigned), .Words(Words)
  ) u_queue (
    .clk_i, .rst_ni, .start_i, .room_o, .push_i(valid_q), .data_i(result), .tdata_o, .tvalid_o,
    .tready_i
  );
endmodule

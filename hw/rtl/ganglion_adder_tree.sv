// The sum of Terms numbers, by a balanced tree of adders.
// Latency 0: combinational. The total must fit Bits; then what wraps on the way wraps back.
// No handshake: a function of its inputs.
// Golden: numpy.sum.
module ganglion_adder_tree #(
  parameter int unsigned Terms = 4,
  parameter int unsigned Bits  = 22
) (
  input  logic [Terms-1:0][Bits-1:0] term_i,
  output logic [Bits-1:0]            sum_o
);
  // Node i is the sum of nodes 2i + 1 and 2i + 2; the terms are the last. Kept, because yosys
  // merges adders into compressors, which take half as many LUTs again.
  (* keep = "true" *) logic [2*Terms-2:0][Bits-1:0] node;

  for (genvar i = 0; i < 2 * Terms - 1; i++) begin : g_node
    if (i >= Terms - 1) begin : g_term
      assign node[i] = term_i[i-(Terms-1)];
    end else begin : g_sum
      assign node[i] = node[2*i+1] + node[2*i+2];
    end
  end
  assign sum_o = node[0];
endmodule

// Cells that our RTL instantiates with parameters, declared for the reader of SystemVerilog: of a module that it does not
// know it drops the parameters, and the netlist would have empty lookup tables. Latency: none; no handshake.
// Golden: yosys' xilinx/cells_sim.v.
(* blackbox *)
module LUT6_2 #(
  parameter [63:0] INIT = 64'd0
) (
  input  I0, I1, I2, I3, I4, I5,
  output O5, O6
);
endmodule

// The biases of one or two lanes, 2**IndexBits words each, lane 1's behind lane 0's; a port a lane.
// Latency 1 cycle, interval 1.
// No handshake: an index for each lane in every cycle.
// Golden: Program.biases of hw.engines.folded.program.
module ganglion_bias_rom #(
  parameter  int unsigned Lanes     = 2,
  parameter  int unsigned BiasBits  = 18,
  parameter  int unsigned IndexBits = 6,
  parameter               BiasFile  = ""
) (
  input  logic                            clk_i,
  input  logic [Lanes-1:0][IndexBits-1:0] index_i,
  output logic [Lanes-1:0][BiasBits-1:0]  bias_o
);
  localparam int unsigned Depth = 1 << IndexBits;
  if (Lanes < 1 || Lanes > 2 || BiasBits < 2 || IndexBits < 1) begin : g_bad
    $error("ganglion_bias_rom: Lanes %0d (1 or 2), BiasBits %0d (from 2), IndexBits %0d (from 1)",
           Lanes, BiasBits, IndexBits);
  end

  (* ram_style = "block", rom_style = "block" *) logic [BiasBits-1:0] biases [Lanes*Depth];
  initial if (BiasFile != "") $readmemh(BiasFile, biases);

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    if (Lanes == 1) begin : g_single
      always_ff @(posedge clk_i) bias_o[i] <= biases[index_i[i]];
    end else begin : g_pair
      always_ff @(posedge clk_i) bias_o[i] <= biases[{1'(i), index_i[i]}];
    end
  end
endmodule

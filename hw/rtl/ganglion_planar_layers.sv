// Which layer the streams work on: the next one begins Gap cycles after all have ended it.
// Latency 1 cycle from start_i to run_o, Gap + 1 from the last ends_i to the next layer's.
// No handshake: run_o of a stream, which lets it issue words, stays until its ends_i.
// Golden: hw.engines.planar.cycles.
module ganglion_planar_layers #(
  parameter  int unsigned Layers    = 2,
  parameter  int unsigned Streams   = 1,
  parameter  int unsigned Gap       = 6,
  localparam int unsigned LayerBits = Layers > 1 ? $clog2(Layers) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 start_i,
  input  logic [Streams-1:0]   ends_i,
  output logic                 busy_o,
  output logic [LayerBits-1:0] layer_o,
  output logic [Streams-1:0]   run_o
);
  localparam logic [LayerBits-1:0] LastLayer = LayerBits'(Layers - 1);
  if (Layers < 1 || Streams < 1 || Gap < 1 || Gap > 15) begin : g_bad
    $error("ganglion_planar_layers: Layers %0d, Streams %0d (from 1), Gap %0d (1 to 15)",
           Layers, Streams, Gap);
  end

  logic [Streams-1:0] left;
  logic [3:0] gap_q;
  logic ends_gap;

  assign left     = run_o & ~ends_i;
  assign ends_gap = gap_q == 4'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_o  <= 1'b0;
      run_o   <= '0;
      gap_q   <= '0;
      layer_o <= '0;
    end else begin
      run_o <= start_i || (ends_gap && layer_o != LastLayer) ? '1 : left;
      if (ends_i != '0 && left == '0) gap_q <= 4'(Gap);
      else if (gap_q != '0) gap_q <= gap_q - 1'b1;
      if (start_i) begin
        busy_o  <= 1'b1;
        layer_o <= '0;
      end else if (ends_gap) begin
        if (layer_o == LastLayer) busy_o <= 1'b0;
        else layer_o <= layer_o + 1'b1;
      end
    end
  end
endmodule

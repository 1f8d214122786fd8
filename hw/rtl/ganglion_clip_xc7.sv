// ganglion_clip for 7-series: 0 when negative, all ones when over, else low; two bits a LUT6_2.
// Latency 0, combinational; initiation interval 1.
// Handshake: none.
// Golden: hw.engines.unrolled.graph.Clip, by way of ganglion_clip; a test proves both equivalent.
`ifdef SYNTHESIS
module ganglion_clip_xc7 #(
  parameter int unsigned Bits = 8
) (
  input  logic [Bits-1:0] low_i,
  input  logic [1:0]      over_i,
  input  logic            negative_i,
  output logic [Bits-1:0] clipped_o
);
  if (Bits < 1) begin : gen_check
    $error("ganglion_clip_xc7: Bits = %0d, allowed from 1", Bits);
  end

  for (genvar k = 0; k < Bits; k += 2) begin : gen_pair
    localparam int unsigned Other = k + 1 < Bits ? k + 1 : k;
    logic other;
    // O5 = !I4 && (I0 || I2 || I3) and O6 = !I4 && (I1 || I2 || I3).
    LUT6_2 #(
      .INIT(64'h0000FFFC_0000FFFA)
    ) u_lut (
      .I0(low_i[k]), .I1(low_i[Other]), .I2(over_i[0]), .I3(over_i[1]), .I4(negative_i), .I5(1'b1),
      .O5(clipped_o[k]), .O6(other)
    );
    if (Other > k) begin : gen_other
      assign clipped_o[Other] = other;
    end
  end
endmodule
`endif

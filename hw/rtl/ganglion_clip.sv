// The requantized activation: value_i >> Shift clipped to 0 and 2^OutBits - 1.
// Latency 0, combinational; initiation interval 1. Two bits a LUT6_2 where synthesis is told Xc7.
// Handshake: none. Bits above Top only tell the sign: no value >= 2^(Top+1) may occur.
// Golden: hw.engines.unrolled.graph.Clip; models.reference.requantize.
module ganglion_clip #(
  parameter bit Xc7 = 0,
  parameter int unsigned InBits = 12,
  parameter bit InSigned = 1,
  parameter int unsigned Shift = 0,
  parameter int unsigned Top = 10,
  parameter int unsigned OutBits = 8
) (
  input  logic [InBits-1:0]  value_i,
  output logic [OutBits-1:0] clipped_o
);
  // Bits of the shifted value, and those of them that say that it is too large.
  localparam int unsigned Bits = Top + 1 - Shift;
  localparam int unsigned Over = Bits > OutBits ? Bits - OutBits : 0;

  if (Top < Shift || Top >= InBits || OutBits < 1 || Bits < OutBits) begin : gen_check
    $error("ganglion_clip: bits %0d to %0d of %0d cannot become %0d", Shift, Top, InBits, OutBits);
  end

  logic [OutBits-1:0] low;
  logic [1:0] over;
  logic negative;
  assign low = value_i[Shift+:OutBits];
  assign negative = InSigned & value_i[InBits-1];
  if (Over > 2) begin : gen_many
    assign over = {1'b0, |value_i[Top:Shift+OutBits]};
  end else if (Over > 0) begin : gen_few
    assign over = 2'(value_i[Top:Shift+OutBits]);
  end else begin : gen_none
    assign over = '0;
  end

  logic unused;
  assign unused = ^{value_i, over, negative};

  // Simulation always runs the clip itself, and so does synthesis for a router without LUT6_2.
`ifndef SYNTHESIS
  localparam bit Cells = 0;
`elsif GANGLION_NO_LUT6_2
  localparam bit Cells = 0;
`else
  localparam bit Cells = 1;
`endif

  if (!InSigned && Over == 0) begin : gen_wires
    assign clipped_o = low;
  end else if (Xc7 && Cells) begin : gen_xc7
    ganglion_clip_xc7 #(
      .Bits(OutBits)
    ) u_clip (
      .low_i(low), .over_i(over), .negative_i(negative), .clipped_o
    );
  end else begin : gen_clip
    assign clipped_o = negative ? '0 : low | {OutBits{|over}};
  end
endmodule

// Techmap for hw/flows/yosys/xilinx.ys: a $bmux of words becomes one $shiftx a bit, so that xilinx_srl finds the
// shift registers behind it. slang stores element 0 of [0:N-1] in the high bits and pads below: the order is reversed
// to put element 0 first again, as xilinx_srl expects. No latency. Golden: $bmux.
(* techmap_celltype = "$bmux" *)
module bmux_to_shiftx (A, S, Y);
  parameter WIDTH = 1;
  parameter S_WIDTH = 1;
  localparam Words = 1 << S_WIDTH;
  localparam Half = WIDTH / 2;
  localparam Rest = WIDTH - Half;

  input [WIDTH*Words-1:0] A;
  input [S_WIDTH-1:0] S;
  output [WIDTH-1:0] Y;

  genvar i, j;
  generate
    if (WIDTH > 16) begin : halves  // yosys takes minutes to elaborate thousands of bits at once
      wire [Half*Words-1:0] low;
      wire [Rest*Words-1:0] high;
      for (j = 0; j < Words; j = j + 1) begin : words
        assign low[j*Half +: Half] = A[j*WIDTH +: Half];
        assign high[j*Rest +: Rest] = A[j*WIDTH + Half +: Rest];
      end
      \$bmux #(.WIDTH(Half), .S_WIDTH(S_WIDTH)) low_mux (.A(low), .S(S), .Y(Y[Half-1:0]));
      \$bmux #(.WIDTH(Rest), .S_WIDTH(S_WIDTH)) high_mux (.A(high), .S(S), .Y(Y[WIDTH-1:Half]));
    end else begin : bits
      for (i = 0; i < WIDTH; i = i + 1) begin : bit
        wire [Words-1:0] column;
        for (j = 0; j < Words; j = j + 1) begin : words
          assign column[j] = A[(Words-1-j)*WIDTH + i];
        end
        \$shiftx #(
          .A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(Words), .B_WIDTH(S_WIDTH), .Y_WIDTH(1)
        ) select (.A(column), .B(~S), .Y(Y[i]));
      end
    end
  endgenerate
endmodule

// Dense layer, one neuron a cycle: clip((W x + b + half) >> Shift), a vector of In features to Out features. An input
// replaces the one before only where it differs by more than line Layer of mem/thresholds.dat; reset makes all zero.
// Latency In/InValues + Out + Out/OutValues - 1 cycles, interval one more, for a reader that never stalls.
// Valid never waits for ready; data stays until accepted. Its faults are those from FirstFault to LastFault that
// mem/fault.dat names: 1 neuron 2's low bit flips when input 0 is 0x55, 2 a word is dropped after a stall, 3 data
// changes while stalled, 4 stops after 5 vectors, 5 reset leaves counters behind, 6 it leaves what was sent, 7 valid
// waits for ready; 0 is none.
// Golden: ganglion.models.delta.DeltaNetwork.
module toy_layer #(
  parameter int In = 4,
  parameter int InValues = 2,
  parameter int Out = 4,
  parameter int OutValues = 2,
  parameter bit InSigned = 1,
  parameter bit OutSigned = 0,
  parameter int Shift = 7,
  parameter string WeightFile = "",
  parameter int Layer = 0,
  parameter int FirstFault = 0,
  parameter int LastFault = 0
) (
  input  logic                  ap_clk,
  input  logic                  ap_rst_n,
  input  logic [8*InValues-1:0] in_tdata,
  input  logic                  in_tvalid,
  output logic                  in_tready,
  output logic [8*OutValues-1:0] out_tdata,
  output logic                  out_tvalid,
  input  logic                  out_tready
);
  localparam int InWords = In / InValues;
  localparam int Low = OutSigned ? -128 : 0;
  localparam int High = OutSigned ? 127 : 255;

  // One row a neuron: In weights, then the bias, 32 bits each.
  logic signed [31:0] row_mem [Out*(In+1)];
  initial $readmemh(WeightFile, row_mem);

  logic [8*In-1:0] x_q;
  logic [8*Out-1:0] y_q;
  int in_q, neuron_q, out_q;
  int acc, scaled, vector_q;
  logic waited_q;

  // Read when simulation starts, so that one compiled simulator has every fault.
  logic [31:0] fault_mem [1];
  logic [31:0] threshold_mem [2];
  initial begin
    $readmemh("mem/thresholds.dat", threshold_mem);
    fault_mem[0] = 0;
    {in_q, neuron_q, out_q, x_q} = '0;
    if (LastFault > 0) $readmemh("mem/fault.dat", fault_mem);
  end
  wire [31:0] fault = fault_mem[0] inside {[FirstFault:LastFault]} ? fault_mem[0] : 0;

  assign in_tready = ap_rst_n && in_q < InWords;

  always_comb begin
    acc = row_mem[neuron_q*(In+1)+In];
    for (int i = 0; i < In; i++)
      acc += row_mem[neuron_q*(In+1)+i] * value(x_q[8*i+:8]);
    scaled = (acc + ((1 << Shift) >> 1)) >>> Shift;
    scaled = scaled < Low ? Low : scaled > High ? High : scaled;
    if (fault == 1 && neuron_q == 2 && x_q[7:0] == 8'h55) scaled ^= 1;
  end

  function automatic int value(input logic [7:0] bits);
    return InSigned ? 32'(signed'(bits)) : 32'(bits);
  endfunction

  function automatic bit is_sent(input int now, input int sent);
    return (now > sent ? now - sent : sent - now) > threshold_mem[Layer];
  endfunction

  wire word_done = out_tvalid && out_tready;
  wire computing = in_q == InWords && neuron_q < Out;

  always_ff @(posedge ap_clk) begin
    if (in_tvalid && in_tready) begin
      for (int i = 0; i < InValues; i++)
        if (is_sent(value(in_tdata[8*i+:8]), value(x_q[8*(InValues*in_q+i)+:8])))
          x_q[8*(InValues*in_q+i)+:8] <= in_tdata[8*i+:8];
      in_q <= in_q + 1;
    end
    if (computing) begin
      y_q[8*neuron_q +: 8] <= scaled[7:0];
      neuron_q <= neuron_q + 1;
    end
    waited_q <= out_tvalid && !out_tready;
    if (word_done) begin
      out_q <= out_q + (fault == 2 && waited_q && out_q == 0 ? 2 : 1);
      if ((out_q + 1) * OutValues == Out) begin
        {in_q, neuron_q, out_q} <= '0;
        vector_q <= vector_q + 1;
      end
    end else if (fault == 3 && out_tvalid) y_q[0] <= !y_q[0];
    if (!ap_rst_n) begin
      {vector_q, waited_q} <= '0;
      if (fault != 6) x_q <= '0;
      if (fault != 5) {in_q, neuron_q, out_q} <= '0;
    end
  end

  assign out_tvalid = neuron_q == Out && !(fault == 4 && vector_q == 5) && (fault != 7 || out_tready);
  assign out_tdata = y_q[8*OutValues*out_q +: 8*OutValues];
endmodule

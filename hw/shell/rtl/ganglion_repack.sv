// Repacks a vector of Values integers from words of InValues into words of OutValues.
// Latency 1 cycle from a word's last values; interval ceil(Values / gcd(InValues, OutValues)).
// Valid/ready handshake at both ends, s_ready_o combinational; m_last_o ends a vector.
// Golden: hw.shell.window.Window and hw.design.axi_stream.StreamFormat; what is left over is zero.
module ganglion_repack #(
  parameter int unsigned Values    = 11,
  parameter int unsigned Bits      = 8,   // of a value
  parameter bit          Signed    = 1,   // how a value is extended into a wider field
  parameter int unsigned InValues  = 4,
  parameter int unsigned InPitch   = 8,   // bits from a value to the next
  parameter int unsigned InWidth   = 32,  // of a word; what is above its values is not looked at
  parameter int unsigned OutValues = 8,
  parameter int unsigned OutPitch  = 8,
  parameter int unsigned OutWidth  = 64
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [InWidth-1:0]  s_data_i,
  input  logic                s_valid_i,
  output logic                s_ready_o,
  output logic [OutWidth-1:0] m_data_o,
  output logic                m_last_o,
  output logic                m_valid_o,
  input  logic                m_ready_i
);
  function automatic int unsigned gcd(int unsigned a, int unsigned b);
    return b == 0 ? a : gcd(b, a % b);
  endfunction

  // A group is what moves in a cycle; a word in has Steps of them, a word out has Parts.
  localparam int unsigned Group    = gcd(InValues, OutValues);
  localparam int unsigned Groups   = (Values + Group - 1) / Group;
  localparam int unsigned Steps    = InValues / Group;
  localparam int unsigned Parts    = OutValues / Group;
  localparam int unsigned StepBits = Steps > 1 ? $clog2(Steps) : 1;
  localparam int unsigned PartBits = Parts > 1 ? $clog2(Parts) : 1;
  localparam int unsigned LeftBits = Groups > 1 ? $clog2(Groups) : 1;
  localparam int unsigned InBits   = Group * InPitch;
  localparam int unsigned OutBits  = Group * OutPitch;
  localparam int unsigned Short    = Groups * Group - Values;  // values that the last group lacks
  localparam logic [LeftBits-1:0] All = LeftBits'(Groups - 1);

  if (Bits > InPitch || Bits > OutPitch ||
      InValues * InPitch > InWidth || OutValues * OutPitch > OutWidth) begin : g_bad
    $error("ganglion_repack: %0d bits, %0d values of %0d in %0d, %0d values of %0d in %0d", Bits,
           InValues, InPitch, InWidth, OutValues, OutPitch, OutWidth);
  end

  logic [StepBits-1:0] step_q;
  logic [PartBits-1:0] part_q;
  logic [LeftBits-1:0] left_q;  // groups of the vector after this one
  logic [Steps-1:0][InBits-1:0] words_in;
  logic [InBits-1:0] group_in;
  logic [OutBits-1:0] group_out;
  logic [Parts-1:0][OutBits-1:0] word_q;
  logic valid_q, last_q, take, is_last, ends_in, ends_out;

  assign words_in  = s_data_i[InValues*InPitch-1:0];
  assign group_in  = words_in[step_q];
  assign is_last   = left_q == '0;
  assign ends_in   = is_last || step_q == StepBits'(Steps - 1);
  assign ends_out  = is_last || part_q == PartBits'(Parts - 1);
  assign take      = s_valid_i && (!valid_q || m_ready_i);
  assign s_ready_o = take && ends_in;
  assign m_valid_o = valid_q;
  assign m_last_o  = last_q;
  assign m_data_o  = OutWidth'(word_q);

  logic unused_bits;  // fields wider than their values, words wider than their fields
  assign unused_bits = ^{s_data_i, group_in};

  for (genvar k = 0; k < Group; k++) begin : g_value
    logic [Bits-1:0] value;
    assign value = is_last && k >= Group - Short ? '0 : group_in[k*InPitch+:Bits];
    if (Signed) begin : g_signed
      assign group_out[k*OutPitch+:OutPitch] = OutPitch'($signed(value));
    end else begin : g_unsigned
      assign group_out[k*OutPitch+:OutPitch] = OutPitch'(value);
    end
  end

  for (genvar k = 0; k < Parts; k++) begin : g_part
    always_ff @(posedge clk_i) begin
      if (take && part_q == PartBits'(k)) word_q[k] <= group_out;
      else if (take && part_q == '0) word_q[k] <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) last_q <= is_last;
    if (!rst_ni) begin
      valid_q <= 1'b0;
      step_q  <= '0;
      part_q  <= '0;
      left_q  <= All;
    end else begin
      if (take || m_ready_i) valid_q <= take && ends_out;
      if (take) begin
        step_q <= ends_in ? '0 : step_q + 1'b1;
        part_q <= ends_out ? '0 : part_q + 1'b1;
        left_q <= is_last ? All : left_q - 1'b1;
      end
    end
  end
endmodule

// The action of each of a vector's values, looked up: squashed and scaled, the bits of a float32.
// Latency 1 cycle; initiation interval 1.
// Valid/ready handshake at both ends; s_ready_o follows m_ready_i in the same cycle.
// Golden: ganglion.models.spec.heads.TanhHead.act, for every value.
module ganglion_action_table #(
  parameter int unsigned Bits      = 8,  // of a value
  parameter int unsigned Tables    = 1,  // one for all values, or one each, in their order
  parameter              TableFile = ""
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [Bits-1:0] s_data_i,
  input  logic            s_last_i,
  input  logic            s_valid_i,
  output logic            s_ready_o,
  output logic [31:0]     m_data_o,
  output logic            m_last_o,
  output logic            m_valid_o,
  input  logic            m_ready_i
);
  localparam int unsigned TableBits = Tables > 1 ? $clog2(Tables) : 1;
  localparam int unsigned Depth     = Tables << Bits;
  localparam int unsigned AddressBits = $clog2(Depth);
  if (Bits < 1 || Bits > 12 || Tables < 1) begin : g_bad
    $error("ganglion_action_table: Bits %0d, allowed 1 to 12, Tables %0d, from 1", Bits, Tables);
  end

  (* rom_style = "block" *) logic [31:0] actions [Depth];
  initial if (TableFile != "") $readmemh(TableFile, actions);

  logic [TableBits-1:0] table_q;
  logic valid_q, take;

  assign take      = s_valid_i && s_ready_o;
  assign s_ready_o = !valid_q || m_ready_i;
  assign m_valid_o = valid_q;

  always_ff @(posedge clk_i) begin
    if (take) begin
      m_data_o <= actions[AddressBits'({table_q, s_data_i})];
      m_last_o <= s_last_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      table_q <= '0;
    end else begin
      if (s_ready_o) valid_q <= s_valid_i;
      if (take) table_q <= s_last_i || Tables == 1 ? '0 : table_q + 1'b1;
    end
  end
endmodule

// Each lane's value from the bank so many rows and columns further, or what is beyond the banks.
// Latency 1 cycle: rows are chosen before the register, columns behind it, a cycle later.
// No handshake: values in every cycle, columns_i a cycle after rows_i; edge_i holds for both.
// Golden: the neighbours in hw.engines.planar.interpret.
module ganglion_planar_shifter #(
  parameter  int unsigned Rows        = 4,   // of lanes
  parameter  int unsigned Columns     = 4,
  parameter  int unsigned BankRows    = 4,
  parameter  int unsigned BankColumns = 5,
  parameter  int unsigned ValueBits   = 8,
  parameter  int unsigned Reaches     = 3,
  parameter  int unsigned Before      = 0,   // reach 0 is so many lanes before
  localparam int unsigned ReachBits   = Reaches > 1 ? $clog2(Reaches) : 1
) (
  input  logic                                                clk_i,
  input  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] values_i,
  input  logic [ReachBits-1:0]                                rows_i,
  input  logic [ReachBits-1:0]                                columns_i,
  input  logic [ValueBits-1:0]                                edge_i,
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0]         values_o
);
  if (Rows > BankRows || Columns > BankColumns || Reaches < 1) begin : g_bad
    $error("ganglion_planar_shifter: %0d x %0d lanes, %0d x %0d banks, Reaches %0d",
           Rows, Columns, BankRows, BankColumns, Reaches);
  end

  logic [Rows-1:0][BankColumns-1:0][ValueBits-1:0] rows_q;

  for (genvar r = 0; r < Rows; r++) begin : g_row
    logic [(1 << ReachBits)-1:0][BankColumns-1:0][ValueBits-1:0] from;
    for (genvar d = 0; d < 1 << ReachBits; d++) begin : g_reach
      localparam int Bank = int'(r + d) - int'(Before);
      if (d < Reaches && Bank >= 0 && Bank < int'(BankRows)) begin : g_bank
        assign from[d] = values_i[Bank];
      end else begin : g_beyond
        assign from[d] = {BankColumns{edge_i}};
      end
    end
    always_ff @(posedge clk_i) rows_q[r] <= from[rows_i];

    for (genvar c = 0; c < Columns; c++) begin : g_column
      logic [(1 << ReachBits)-1:0][ValueBits-1:0] side;
      for (genvar d = 0; d < 1 << ReachBits; d++) begin : g_reach
        localparam int Bank = int'(c + d) - int'(Before);
        if (d < Reaches && Bank >= 0 && Bank < int'(BankColumns)) begin : g_bank
          assign side[d] = rows_q[r][Bank];
        end else begin : g_beyond
          assign side[d] = edge_i;
        end
      end
      assign values_o[r][c] = side[columns_i];
    end
  end
endmodule

// The banks' one write port: a stream's results, the other's a cycle later, or else what is loaded.
// Latency 0 cycles; 1 for the second stream's result that comes with the first one's.
// No handshake: a stream has results every other cycle at most, and holds them that long.
// Golden: hw.engines.planar.cycles.
module ganglion_planar_write #(
  parameter int unsigned Streams     = 1,
  parameter int unsigned Rows        = 5,
  parameter int unsigned Columns     = 5,
  parameter int unsigned BankRows    = 6,
  parameter int unsigned BankColumns = 6,
  parameter int unsigned ValueBits   = 8,
  parameter int unsigned AddressBits = 5
) (
  input  logic                                                     clk_i,
  input  logic                                                     rst_ni,
  input  logic [Streams-1:0]                                       valid_i,
  input  logic [Streams-1:0][AddressBits-1:0]                      address_i,
  input  logic [Streams-1:0][ValueBits-1:0]                        edge_i,
  input  logic [Streams-1:0][Rows-1:0][Columns-1:0][ValueBits-1:0] values_i,
  input  logic [BankRows-1:0]                                      load_we_i,
  input  logic [AddressBits-1:0]                                   load_address_i,
  input  logic [BankColumns-1:0][ValueBits-1:0]                    load_data_i,
  output logic                                                     result_o,  // one is written
  output logic                                                     second_o,  // it is the second's
  output logic [BankRows-1:0]                                      we_o,
  output logic [AddressBits-1:0]                                   address_o,
  output logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0]      data_o
);
  if (Streams < 1 || Streams > 2) begin : g_bad
    $error("ganglion_planar_write: Streams %0d, allowed 1 to 2", Streams);
  end

  if (Streams == 1) begin : g_one
    assign result_o = valid_i[0];
    assign second_o = 1'b0;
    logic unused;
    assign unused = ^{clk_i, rst_ni};
  end else begin : g_two
    logic waits_q;
    assign result_o = valid_i != '0 || waits_q;
    assign second_o = !valid_i[0];
    always_ff @(posedge clk_i) waits_q <= rst_ni && &valid_i;
  end

  assign we_o      = load_we_i | {BankRows{result_o}};
  assign address_o = result_o ? address_i[second_o] : load_address_i;
  for (genvar r = 0; r < BankRows; r++) begin : g_row
    for (genvar c = 0; c < BankColumns; c++) begin : g_column
      if (r < Rows && c < Columns) begin : g_lane
        assign data_o[r][c] = result_o ? values_i[second_o][r][c] : load_data_i[c];
      end else begin : g_edge
        assign data_o[r][c] = result_o ? edge_i[second_o] : load_data_i[c];
      end
    end
  end
endmodule

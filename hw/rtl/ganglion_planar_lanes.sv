// All lanes behind their shifter, with the biases of its channels: what the banks hold to results.
// Latency 7 cycles from a pass' last word to its results, which stay until the next; interval 1.
// No handshake: values, reaches and weights follow their word by 2, 1 and 1 cycles.
// Golden: hw.engines.planar.interpret.
module ganglion_planar_lanes #(
  parameter  int unsigned Rows = 5, Columns = 5, BankRows = 6, BankColumns = 6,
  parameter  int unsigned ValueBits = 8, LiftedBits = 9, AccBits = 20, BiasBits = 18, Layers = 2,
  parameter  int unsigned AllChannels = 8, Reaches = 3, Before = 0, Modes = 1, AddressBits = 4,
  parameter  int unsigned Packing = 1,                // lanes on a multiplier
  parameter  logic [8*Modes-1:0] Shifts = {Modes{8'd8}}, Widths = {Modes{8'd8}},
  parameter  logic [16*Layers-1:0] ModeOf = '0, Lows = '0, Signed = '0, Targets = '0, Edges = '0,
  parameter  logic [16*Layers-1:0] Relus = '0, Pools = '0, Adds = '0, AddsSigned = '0,
  parameter  logic [16*Layers-1:0] Tiles = {Layers{16'd1}},
  parameter  logic [16*Layers-1:0] MapHeights = {Layers{16'd5}}, MapWidths = {Layers{16'd5}},
  parameter                        BiasFile = "",
  localparam int unsigned          LayerBits = Layers > 1 ? $clog2(Layers) : 1,
  localparam int unsigned          IndexBits = AllChannels > 1 ? $clog2(AllChannels) : 1,
  localparam int unsigned          ReachBits = Reaches > 1 ? $clog2(Reaches) : 1
) (
  input  logic                                                clk_i,
  input  logic                                                rst_ni,
  input  logic                                                valid_i,
  input  logic                                                first_i,
  input  logic                                                last_i,
  input  logic [LayerBits-1:0]                                layer_i,
  input  logic [IndexBits-1:0]                                index_i,
  input  logic [IndexBits-1:0]                                channel_i,
  input  logic [1:0][7:0]                                     place_i,
  input  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] read_i,
  input  logic [1:0][ReachBits-1:0]                           reach_i,
  input  logic signed [LiftedBits-1:0]                        weight_i,
  output logic                                                valid_o,
  output logic [LayerBits-1:0]                                layer_o,
  output logic [1:0][7:0]                                     place_o,
  output logic [AddressBits-1:0]                              address_o,
  output logic [ValueBits-1:0]                                edge_o,    // beyond the result's map
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0]         result_o
);
  localparam int unsigned ModeBits = Modes > 1 ? $clog2(Modes) : 1;
  // Cycles from a word to its products and sums.
  localparam int unsigned Product = 5, Sum = 6;
  if (Layers < 1 || AllChannels < 1) begin : g_bad
    $error("ganglion_planar_lanes: Layers %0d, AllChannels %0d (from 1)", Layers, AllChannels);
  end

  logic first, done, is_signed, relu, max;
  logic [ReachBits-1:0] reach_rows, reach_columns;
  logic signed [LiftedBits-1:0] weight;
  logic [ValueBits-1:0] low, beyond, source_edge;
  logic signed [BiasBits-1:0] bias, bias_q;
  logic [LayerBits-1:0] layer;
  logic [IndexBits-1:0] channel;
  logic [1:0][7:0] place;
  logic [Rows-1:0][Columns-1:0][ValueBits-1:0] values, result;
  logic [Rows-1:0][Layers-1:0] in_row;
  logic [Columns-1:0][Layers-1:0] in_column;
  logic [Layers-1:0][AddressBits-1:0] address;

  (* ram_style = "block", rom_style = "block" *)
  logic signed [BiasBits-1:0] biases [1 << IndexBits];
  initial if (BiasFile != "") $readmemh(BiasFile, biases);
  always_ff @(posedge clk_i) bias_q <= biases[index_i];

  ganglion_delay #(.Bits(BiasBits), .Cycles(Product - 1)) u_bias (
    .clk_i, .rst_ni, .data_i(bias_q), .data_o(bias)
  );
  ganglion_delay #(.Bits(1), .Cycles(Product)) u_first (
    .clk_i, .rst_ni, .data_i(valid_i && first_i), .data_o(first)
  );
  ganglion_delay #(.Bits(LayerBits + IndexBits + 16), .Cycles(Sum)) u_result (
    .clk_i, .rst_ni, .data_i({layer_i, channel_i, place_i}), .data_o({layer, channel, place})
  );
  ganglion_delay #(.Bits(1), .Cycles(Sum), .Resets(1)) u_done (
    .clk_i, .rst_ni, .data_i(valid_i && last_i), .data_o(done)
  );
  ganglion_delay #(.Bits(LiftedBits), .Cycles(2)) u_weight (
    .clk_i, .rst_ni, .data_i(weight_i), .data_o(weight)
  );
  ganglion_delay #(.Bits(ReachBits), .Cycles(1)) u_rows (
    .clk_i, .rst_ni, .data_i(reach_i[1]), .data_o(reach_rows)
  );
  ganglion_delay #(.Bits(ReachBits), .Cycles(2)) u_columns (
    .clk_i, .rst_ni, .data_i(reach_i[0]), .data_o(reach_columns)
  );

  ganglion_planar_shifter #(
    .Rows(Rows), .Columns(Columns), .BankRows(BankRows), .BankColumns(BankColumns),
    .ValueBits(ValueBits), .Reaches(Reaches), .Before(Before)
  ) u_shifter (
    .clk_i, .values_i(read_i), .rows_i(reach_rows), .columns_i(reach_columns),
    .edge_i(source_edge), .values_o(values)
  );
  ganglion_planar_reading #(
    .Layers(Layers), .ValueBits(ValueBits), .Signed(Signed), .Relus(Relus), .Pools(Pools),
    .Edges(Edges << 16), .Adds(Adds), .AddsSigned(AddsSigned)
  ) u_reading (
    .clk_i, .rst_ni, .layer_i, .first_i, .last_i, .signed_o(is_signed), .relu_o(relu),
    .max_o(max), .edge_o(source_edge)
  );
  ganglion_planar_grid #(
    .Lanes(Rows * Columns), .Packing(Packing), .ValueBits(ValueBits), .WeightBits(LiftedBits),
    .AccBits(AccBits), .BiasBits(BiasBits), .Modes(Modes), .Shifts(Shifts), .Widths(Widths)
  ) u_grid (
    .clk_i, .values_i(values), .signed_i(is_signed), .relu_i(relu), .max_i(max),
    .weight_i(weight), .first_i(first), .bias_i(bias),
    .mode_i(ModeBits'(ModeOf[16*layer+:16])), .low_i(low), .results_o(result)
  );
  assign low    = Lows == '0 ? '0 : ValueBits'(Lows[16*layer+:16]);
  assign beyond = Edges == '0 ? '0 : ValueBits'(Edges[16*layer+:16]);

  for (genvar l = 0; l < Layers; l++) begin : g_layer
    localparam int unsigned Tile = 32'(Tiles[16*l+:16]), TileBits = $clog2(Tile);
    assign address[l] = AddressBits'(Targets[16*l+:16]) +
                        ((AddressBits'(channel) << 2 * TileBits) |
                         (AddressBits'(place[1]) << TileBits) | AddressBits'(place[0]));
    for (genvar r = 0; r < Rows; r++) begin : g_row
      assign in_row[r][l] = 32'(place[1]) + r * Tile < 32'(MapHeights[16*l+:16]);
    end
    for (genvar c = 0; c < Columns; c++) begin : g_column
      assign in_column[c][l] = 32'(place[0]) + c * Tile < 32'(MapWidths[16*l+:16]);
    end
  end

  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar c = 0; c < Columns; c++) begin : g_column
      // A lane beyond the map's edge keeps what padding reads.
      always_ff @(posedge clk_i) begin
        if (done) begin
          result_o[r][c] <= in_row[r][layer] && in_column[c][layer] ? result[r][c] : beyond;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o   <= done && rst_ni;
    if (done) begin
      layer_o   <= layer;
      place_o   <= place;
      address_o <= address[layer];
      edge_o    <= beyond;
    end
  end
endmodule

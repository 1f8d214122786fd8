// Convolutions, poolings and residuals in Rows x Columns lanes: a word a cycle is broadcast.
// Latency and interval in cycles: hw.engines.planar.cycles; a layer takes Tile**2 a word, and Gap.
// A ready/valid handshake at both ends. Result ports only show what the lanes compute.
// Golden: models.reference.IntNetwork.__call__ of the latest frames.
module ganglion_planar #(
  parameter  int unsigned Rows = 5, Columns = 5, BankRows = 6, BankColumns = 6, Depth = 12,
  parameter  int unsigned Layers = 2, Words = 64, ValueBits = 8, WeightBits = 8, LiftedBits = 9,
  parameter  int unsigned ChannelBits = 2, KernelBits = 2, AccBits = 20, BiasBits = 18,
  parameter  int unsigned AllChannels = 8,            // that layers make
  parameter  int unsigned Reaches = 3, Before = 0,    // lanes that a lane reads, how many before it
  parameter  int unsigned InLanes = 4, InBits = 8, InChannels = 2, FrameChannels = 1, InHeight = 12,
  parameter  int unsigned InWidth = 12,
  parameter  bit          InSigned = 0,
  parameter  int unsigned OutLanes = 4, OutBits = 8,
  parameter  int unsigned Modes = 1,
  parameter  logic [8*Modes-1:0] Shifts = {Modes{8'd8}}, Widths = {Modes{8'd8}},
  // Of each layer; the source is the map that it reads, the residual one that it adds.
  parameter  logic [16*Layers-1:0] Channels = {Layers{16'd4}}, Tiles = {Layers{16'd1}},
  parameter  logic [16*Layers-1:0] Strides = {16'd1, 16'd2}, SourceTiles = {16'd1, 16'd2},
  parameter  logic [16*Layers-1:0] Sources = {16'd8, 16'd0}, Targets = {16'd0, 16'd8},
  parameter  logic [16*Layers-1:0] Offsets = '0, Lifts = '0, ModeOf = '0, Lows = '0, Signed = '0,
  parameter  logic [16*Layers-1:0] Relus = '0, Pools = '0, Edges = '0,  // beyond the map it makes
  parameter  logic [16*Layers-1:0] Adds = '0, AddsSigned = '0, Residuals = '0,
  parameter  logic [16*Layers-1:0] MapHeights = {16'd3, 16'd5}, MapWidths = {16'd3, 16'd5},
  parameter                        ProgramFile = "", BiasFile = "",
  localparam int unsigned          LayerBits = Layers > 1 ? $clog2(Layers) : 1
) (
  input  logic                                        clk_i,
  input  logic                                        rst_ni,
  input  logic [InLanes-1:0][InBits-1:0]              in_tdata_i,
  input  logic                                        in_tvalid_i,
  output logic                                        in_tready_o,
  output logic [OutLanes-1:0][OutBits-1:0]            out_tdata_o,
  output logic                                        out_tvalid_o,
  input  logic                                        out_tready_i,
  output logic                                        result_valid_o,
  output logic [LayerBits-1:0]                        result_layer_o,
  output logic [1:0][7:0]                             result_place_o,
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0] result_o
);
  localparam int unsigned AddressBits = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned FieldBits = WeightBits + ChannelBits + 2 * KernelBits;
  localparam int unsigned IndexBits = AllChannels > 1 ? $clog2(AllChannels) : 1;
  localparam int unsigned ReachBits = Reaches > 1 ? $clog2(Reaches) : 1;
  localparam logic [LayerBits-1:0] LastLayer = LayerBits'(Layers - 1);

  logic start, busy, loaded, credit, reserve, valid, first, last, result_we;
  logic [LayerBits-1:0] layer;
  logic [FieldBits-1:0] fields;
  logic [IndexBits-1:0] index, channel;
  logic [1:0][7:0] place, origin;
  logic [ChannelBits-1:0] oldest;
  logic [ChannelBits:0] missing;
  logic [AddressBits-1:0] raddr, result_address, load_address;
  logic [1:0][ReachBits-1:0] reach;
  logic signed [LiftedBits-1:0] weight;
  logic [ValueBits-1:0] edge_value;
  logic [BankRows-1:0] load_we;
  logic [BankColumns-1:0][ValueBits-1:0] load_data;
  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] read_data, write_data;

  assign start     = loaded && !busy;
  assign result_we = result_valid_o && result_layer_o != LastLayer;

  ganglion_planar_frames #(
    .InChannels(InChannels), .FrameChannels(FrameChannels), .ChannelBits(ChannelBits)
  ) u_frames (
    .clk_i, .rst_ni, .start_i(start), .oldest_o(oldest), .missing_o(missing)
  );

  ganglion_planar_loader #(
    .Lanes(InLanes), .InBits(InBits), .InSigned(InSigned), .ValueBits(ValueBits),
    .Channels(FrameChannels), .Height(InHeight), .Width(InWidth), .Tile(32'(SourceTiles[15:0])),
    .BankRows(BankRows), .BankColumns(BankColumns), .ChannelBits(ChannelBits),
    .AddressBits(AddressBits)
  ) u_loader (
    .clk_i, .rst_ni, .tdata_i(in_tdata_i), .tvalid_i(in_tvalid_i), .tready_o(in_tready_o),
    .channel_i(oldest), .open_i(!(busy && layer == '0)), .stall_i(result_we), .start_i(start),
    .loaded_o(loaded), .we_o(load_we), .address_o(load_address), .data_o(load_data)
  );

  ganglion_planar_sequencer #(
    .Layers(Layers), .Words(Words), .WordBits(1 + FieldBits), .IndexBits(IndexBits),
    .Channels(Channels), .Tiles(Tiles), .Strides(Strides), .ProgramFile(ProgramFile)
  ) u_sequencer (
    .clk_i, .rst_ni, .start_i(start), .credit_i(credit), .busy_o(busy), .reserve_o(reserve),
    .layer_o(layer), .fields_o(fields), .valid_o(valid), .first_o(first), .last_o(last),
    .index_o(index), .channel_o(channel), .place_o(place), .origin_o(origin)
  );

  ganglion_planar_address #(
    .Layers(Layers), .WeightBits(WeightBits), .LiftedBits(LiftedBits), .ChannelBits(ChannelBits),
    .KernelBits(KernelBits), .AddressBits(AddressBits), .Reaches(Reaches), .Before(Before),
    .InChannels(InChannels), .Sources(Sources), .SourceTiles(SourceTiles), .Offsets(Offsets),
    .Lifts(Lifts), .Adds(Adds), .Residuals(Residuals), .Tiles(Tiles)
  ) u_address (
    .clk_i, .valid_i(valid), .last_i(last), .layer_i(layer), .fields_i(fields), .place_i(place),
    .origin_i(origin), .oldest_i(oldest), .missing_i(missing), .address_o(raddr), .reach_o(reach),
    .weight_o(weight)
  );

  for (genvar r = 0; r < BankRows; r++) begin : g_row
    for (genvar c = 0; c < BankColumns; c++) begin : g_column
      if (r < Rows && c < Columns) begin : g_lane
        assign write_data[r][c] = result_we ? result_o[r][c] : load_data[c];
      end else begin : g_edge
        assign write_data[r][c] = result_we ? edge_value : load_data[c];
      end
    end
  end

  ganglion_planar_banks #(
    .Rows(BankRows), .Columns(BankColumns), .ValueBits(ValueBits), .Depth(Depth)
  ) u_banks (
    .clk_i, .raddr_i(raddr), .rdata_o(read_data), .we_i(load_we | {BankRows{result_we}}),
    .waddr_i(result_we ? result_address : load_address), .wdata_i(write_data)
  );

  ganglion_planar_lanes #(
    .Rows(Rows), .Columns(Columns), .BankRows(BankRows), .BankColumns(BankColumns),
    .ValueBits(ValueBits), .LiftedBits(LiftedBits), .AccBits(AccBits), .BiasBits(BiasBits),
    .Layers(Layers), .AllChannels(AllChannels), .Reaches(Reaches), .Before(Before), .Modes(Modes),
    .AddressBits(AddressBits), .Shifts(Shifts), .Widths(Widths), .ModeOf(ModeOf), .Lows(Lows),
    .Signed(Signed), .Relus(Relus), .Pools(Pools), .Edges(Edges), .Adds(Adds),
    .AddsSigned(AddsSigned), .Tiles(Tiles), .Targets(Targets), .MapHeights(MapHeights),
    .MapWidths(MapWidths), .BiasFile(BiasFile)
  ) u_lanes (
    .clk_i, .rst_ni, .valid_i(valid), .first_i(first), .last_i(last), .layer_i(layer),
    .index_i(index), .channel_i(channel), .place_i(place), .read_i(read_data), .reach_i(reach),
    .weight_i(weight), .valid_o(result_valid_o), .layer_o(result_layer_o),
    .place_o(result_place_o), .address_o(result_address), .edge_o(edge_value), .result_o
  );

  ganglion_planar_drain #(
    .Rows(Rows), .Columns(Columns), .ValueBits(ValueBits), .Tile(32'(Tiles[16*(Layers-1)+:16])),
    .Height(32'(MapHeights[16*(Layers-1)+:16])), .Width(32'(MapWidths[16*(Layers-1)+:16])),
    .Bits(OutBits), .Lanes(OutLanes)
  ) u_drain (
    .clk_i, .rst_ni, .reserve_i(reserve), .credit_o(credit),
    .valid_i(result_valid_o && result_layer_o == LastLayer), .place_i(result_place_o),
    .values_i(result_o), .tdata_o(out_tdata_o), .tvalid_o(out_tvalid_o), .tready_i(out_tready_i)
  );
endmodule

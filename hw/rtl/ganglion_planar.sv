// Convolutions, poolings and residuals in Rows x Columns lanes: a word a stream and cycle for all.
// Latency and interval in cycles: hw.engines.planar.cycles; a layer takes Tile**2 a word, and Gap.
// A ready/valid handshake at both ends. Result ports only show what hidden layers write.
// Golden: models.reference.IntNetwork.__call__ of the latest frames.
module ganglion_planar #(
  parameter  int unsigned Rows = 5, Columns = 5, BankRows = 6, BankColumns = 6, Depth = 12,
  parameter  int unsigned Streams = 1,                // of words, each with lanes of its own
  parameter  int unsigned Packing = 1,                // lanes on a multiplier
  parameter  int unsigned Layers = 2, ValueBits = 8, WeightBits = 8, LiftedBits = 9,
  parameter  logic [32*Streams-1:0] Words = {Streams{32'd64}},  // of each stream
  parameter  int unsigned ChannelBits = 2, KernelBits = 2, AccBits = 20, BiasBits = 18,
  parameter  int unsigned AllChannels = 8,            // that a stream makes of all layers, at most
  parameter  int unsigned Reaches = 3, Before = 0,    // lanes that a lane reads, how many before it
  parameter  int unsigned InValues = 4, InBits = 8, InChannels = 2, FrameChannels = 1,
  parameter  int unsigned InHeight = 12, InWidth = 12,
  parameter  bit          InSigned = 0,
  parameter  int unsigned OutValues = 4, OutBits = 8, OutChannels = 4,
  parameter  logic [OutChannels-1:0] Seconds = '0,    // those of the last map by the second stream
  parameter  int unsigned Modes = 1,
  parameter  logic [8*Modes-1:0] Shifts = {Modes{8'd8}}, Widths = {Modes{8'd8}},
  // Of each stream's share of each layer: channels, and the address of the first one.
  parameter  logic [16*Layers*Streams-1:0] Channels = {Layers*Streams{16'd4}},
  parameter  logic [16*Layers*Streams-1:0] Targets = {Streams{16'd0, 16'd8}},
  // Of each layer; the source is the map that it reads, the residual one that it adds.
  parameter  logic [16*Layers-1:0] Tiles = {Layers{16'd1}}, Strides = {16'd1, 16'd2},
  parameter  logic [16*Layers-1:0] SourceTiles = {16'd1, 16'd2}, Sources = {16'd8, 16'd0},
  parameter  logic [16*Layers-1:0] Offsets = '0, Lifts = '0, ModeOf = '0, Lows = '0, Signed = '0,
  parameter  logic [16*Layers-1:0] Relus = '0, Pools = '0, Edges = '0,  // beyond the map it makes
  parameter  logic [16*Layers-1:0] Adds = '0, AddsSigned = '0, Residuals = '0,
  parameter  logic [16*Layers-1:0] MapHeights = {16'd3, 16'd5}, MapWidths = {16'd3, 16'd5},
  parameter                        ProgramFile = "", BiasFile = "",
  parameter                        SecondProgramFile = ProgramFile, SecondBiasFile = BiasFile,
  localparam int unsigned          LayerBits = Layers > 1 ? $clog2(Layers) : 1
) (
  input  logic                                        clk_i,
  input  logic                                        rst_ni,
  input  logic [InValues-1:0][InBits-1:0]             in_tdata_i,
  input  logic                                        in_tvalid_i,
  output logic                                        in_tready_o,
  output logic [OutValues-1:0][OutBits-1:0]           out_tdata_o,
  output logic                                        out_tvalid_o,
  input  logic                                        out_tready_i,
  output logic                                        result_valid_o,
  output logic [LayerBits-1:0]                        result_layer_o,
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0] result_o
);
  localparam int unsigned AddressBits = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned Gap = 5 + Streams;          // until the last result can be read
  localparam int unsigned Last = Layers - 1, Bits = 16 * Layers;

  logic start, busy, loaded, second;
  logic [LayerBits-1:0] layer;
  logic [ChannelBits-1:0] oldest;
  logic [ChannelBits:0] missing;
  logic [AddressBits-1:0] load_address, waddr;
  logic [BankRows-1:0] load_we, we;
  logic [BankColumns-1:0][ValueBits-1:0] load_data;
  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] wdata;
  logic [Streams-1:0] run, ends, credit, reserve, valid, is_last;
  logic [Streams-1:0][LayerBits-1:0] result_layer;
  logic [Streams-1:0][1:0][7:0] place;
  logic [Streams-1:0][AddressBits-1:0] address;
  logic [Streams-1:0][ValueBits-1:0] edge_value;
  logic [Streams-1:0][Rows-1:0][Columns-1:0][ValueBits-1:0] result;

  assign start          = loaded && !busy;
  assign result_layer_o = result_layer[second];
  assign result_o       = result[second];

  ganglion_planar_frames #(
    .InChannels(InChannels), .FrameChannels(FrameChannels), .ChannelBits(ChannelBits)
  ) u_frames (
    .clk_i, .rst_ni, .start_i(start), .oldest_o(oldest), .missing_o(missing)
  );

  ganglion_planar_loader #(
    .Chunk(InValues), .InBits(InBits), .InSigned(InSigned), .ValueBits(ValueBits),
    .Channels(FrameChannels), .Height(InHeight), .Width(InWidth), .Tile(32'(SourceTiles[15:0])),
    .BankRows(BankRows), .BankColumns(BankColumns), .ChannelBits(ChannelBits),
    .AddressBits(AddressBits)
  ) u_loader (
    .clk_i, .rst_ni, .tdata_i(in_tdata_i), .tvalid_i(in_tvalid_i), .tready_o(in_tready_o),
    .channel_i(oldest), .open_i(!(busy && layer == '0)), .stall_i(result_valid_o), .start_i(start),
    .loaded_o(loaded), .we_o(load_we), .address_o(load_address), .data_o(load_data)
  );

  ganglion_planar_layers #(.Layers(Layers), .Streams(Streams), .Gap(Gap)) u_layers (
    .clk_i, .rst_ni, .start_i(start), .ends_i(ends), .busy_o(busy), .layer_o(layer), .run_o(run)
  );

  for (genvar s = 0; s < Streams; s++) begin : g_stream
    ganglion_planar_stream #(
      .Rows(Rows), .Columns(Columns), .BankRows(BankRows), .BankColumns(BankColumns),
      .Depth(Depth), .Layers(Layers), .Words(Words[32*s+:32]), .ValueBits(ValueBits),
      .WeightBits(WeightBits), .LiftedBits(LiftedBits), .ChannelBits(ChannelBits),
      .KernelBits(KernelBits), .AccBits(AccBits), .BiasBits(BiasBits), .AllChannels(AllChannels),
      .Reaches(Reaches), .Before(Before), .InChannels(InChannels), .Packing(Packing),
      .Modes(Modes), .Shifts(Shifts), .Widths(Widths), .Channels(Channels[Bits*s+:Bits]),
      .Targets(Targets[Bits*s+:Bits]), .Tiles(Tiles), .Strides(Strides),
      .SourceTiles(SourceTiles), .Sources(Sources), .Offsets(Offsets), .Lifts(Lifts),
      .ModeOf(ModeOf), .Lows(Lows), .Signed(Signed), .Relus(Relus), .Pools(Pools), .Edges(Edges),
      .Adds(Adds), .AddsSigned(AddsSigned), .Residuals(Residuals), .MapHeights(MapHeights),
      .MapWidths(MapWidths), .ProgramFile(s == 0 ? ProgramFile : SecondProgramFile),
      .BiasFile(s == 0 ? BiasFile : SecondBiasFile)
    ) u_stream (
      .clk_i, .rst_ni, .start_i(start), .run_i(run[s]), .layer_i(layer), .ends_o(ends[s]),
      .reserve_o(reserve[s]), .credit_i(credit[s]), .oldest_i(oldest), .missing_i(missing),
      .we_i(we), .waddr_i(waddr), .wdata_i(wdata), .valid_o(valid[s]),
      .layer_o(result_layer[s]), .place_o(place[s]), .address_o(address[s]),
      .edge_o(edge_value[s]), .result_o(result[s])
    );
    assign is_last[s] = result_layer[s] == LayerBits'(Last);
  end

  ganglion_planar_write #(
    .Streams(Streams), .Rows(Rows), .Columns(Columns), .BankRows(BankRows),
    .BankColumns(BankColumns), .ValueBits(ValueBits), .AddressBits(AddressBits)
  ) u_write (
    .clk_i, .rst_ni, .valid_i(valid & ~is_last), .address_i(address), .edge_i(edge_value),
    .values_i(result), .load_we_i(load_we), .load_address_i(load_address),
    .load_data_i(load_data), .result_o(result_valid_o), .second_o(second), .we_o(we),
    .address_o(waddr), .data_o(wdata)
  );

  ganglion_planar_drain #(
    .Streams(Streams), .Channels(OutChannels), .Seconds(Seconds), .Rows(Rows), .Columns(Columns),
    .ValueBits(ValueBits), .Tile(32'(Tiles[16*Last+:16])), .Bits(OutBits), .Chunk(OutValues),
    .Height(32'(MapHeights[16*Last+:16])), .Width(32'(MapWidths[16*Last+:16]))
  ) u_drain (
    .clk_i, .rst_ni, .reserve_i(reserve), .credit_o(credit), .valid_i(valid & is_last),
    .place_i(place), .values_i(result), .tdata_o(out_tdata_o), .tvalid_o(out_tvalid_o),
    .tready_i(out_tready_i)
  );
endmodule

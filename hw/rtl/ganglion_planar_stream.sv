// A weight stream: a program that issues a word a cycle, the lanes, and their copy of all maps.
// Latency 1 cycle to a word, 8 from there to results; a channel takes Tile**2 cycles a word.
// No handshake but credit_i, which a last layer's channel awaits; results stay for two cycles.
// Golden: hw.engines.planar.interpret.
module ganglion_planar_stream #(
  parameter  int unsigned Rows = 5, Columns = 5, BankRows = 6, BankColumns = 6, Depth = 12,
  parameter  int unsigned Layers = 2, Words = 64, ValueBits = 8, WeightBits = 8, LiftedBits = 9,
  parameter  int unsigned ChannelBits = 2, KernelBits = 2, AccBits = 20, BiasBits = 18,
  parameter  int unsigned AllChannels = 8,            // that it makes of all layers
  parameter  int unsigned Reaches = 3, Before = 0, InChannels = 2, Packing = 1, Modes = 1,
  parameter  logic [8*Modes-1:0] Shifts = {Modes{8'd8}}, Widths = {Modes{8'd8}},
  // Of each layer; channels that it makes, and the address of the first one.
  parameter  logic [16*Layers-1:0] Channels = {Layers{16'd4}}, Targets = '0,
  parameter  logic [16*Layers-1:0] Tiles = {Layers{16'd1}}, Strides = {Layers{16'd1}},
  parameter  logic [16*Layers-1:0] SourceTiles = {Layers{16'd1}}, Sources = '0, Offsets = '0,
  parameter  logic [16*Layers-1:0] Lifts = '0, ModeOf = '0, Lows = '0, Signed = '0, Relus = '0,
  parameter  logic [16*Layers-1:0] Pools = '0, Edges = '0, Adds = '0, AddsSigned = '0,
  parameter  logic [16*Layers-1:0] Residuals = '0,
  parameter  logic [16*Layers-1:0] MapHeights = {Layers{16'd5}}, MapWidths = {Layers{16'd5}},
  parameter                        ProgramFile = "", BiasFile = "",
  localparam int unsigned          LayerBits = Layers > 1 ? $clog2(Layers) : 1,
  localparam int unsigned          AddressBits = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                                                clk_i,
  input  logic                                                rst_ni,
  input  logic                                                start_i,
  input  logic                                                run_i,
  input  logic [LayerBits-1:0]                                layer_i,
  output logic                                                ends_o,
  output logic                                                reserve_o,
  input  logic                                                credit_i,
  input  logic [ChannelBits-1:0]                              oldest_i,
  input  logic [ChannelBits:0]                                missing_i,
  input  logic [BankRows-1:0]                                 we_i,
  input  logic [AddressBits-1:0]                              waddr_i,
  input  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] wdata_i,
  output logic                                                valid_o,
  output logic [LayerBits-1:0]                                layer_o,
  output logic [1:0][7:0]                                     place_o,
  output logic [AddressBits-1:0]                              address_o,
  output logic [ValueBits-1:0]                                edge_o,
  output logic [Rows-1:0][Columns-1:0][ValueBits-1:0]         result_o
);
  localparam int unsigned FieldBits = WeightBits + ChannelBits + 2 * KernelBits;
  localparam int unsigned IndexBits = AllChannels > 1 ? $clog2(AllChannels) : 1;
  localparam int unsigned ReachBits = Reaches > 1 ? $clog2(Reaches) : 1;
  if (Rows > BankRows || Columns > BankColumns) begin : g_bad
    $error("ganglion_planar_stream: %0d x %0d lanes, %0d x %0d banks",
           Rows, Columns, BankRows, BankColumns);
  end

  logic valid, first, last;
  logic [FieldBits-1:0] fields;
  logic [IndexBits-1:0] index, channel;
  logic [1:0][7:0] place, origin;
  logic [AddressBits-1:0] raddr;
  logic [1:0][ReachBits-1:0] reach;
  logic signed [LiftedBits-1:0] weight;
  logic [BankRows-1:0][BankColumns-1:0][ValueBits-1:0] read;

  ganglion_planar_sequencer #(
    .Layers(Layers), .Words(Words), .WordBits(1 + FieldBits), .IndexBits(IndexBits),
    .Channels(Channels), .Tiles(Tiles), .Strides(Strides), .ProgramFile(ProgramFile)
  ) u_sequencer (
    .clk_i, .rst_ni, .start_i, .run_i, .layer_i, .credit_i, .ends_o, .reserve_o,
    .fields_o(fields), .valid_o(valid), .first_o(first), .last_o(last), .index_o(index),
    .channel_o(channel), .place_o(place), .origin_o(origin)
  );

  ganglion_planar_address #(
    .Layers(Layers), .WeightBits(WeightBits), .LiftedBits(LiftedBits), .ChannelBits(ChannelBits),
    .KernelBits(KernelBits), .AddressBits(AddressBits), .Reaches(Reaches), .Before(Before),
    .InChannels(InChannels), .Sources(Sources), .SourceTiles(SourceTiles), .Offsets(Offsets),
    .Lifts(Lifts), .Adds(Adds), .Residuals(Residuals), .Tiles(Tiles)
  ) u_address (
    .clk_i, .valid_i(valid), .last_i(last), .layer_i, .fields_i(fields), .place_i(place),
    .origin_i(origin), .oldest_i, .missing_i, .address_o(raddr), .reach_o(reach),
    .weight_o(weight)
  );

  ganglion_planar_banks #(
    .Rows(BankRows), .Columns(BankColumns), .ValueBits(ValueBits), .Depth(Depth)
  ) u_banks (
    .clk_i, .raddr_i(raddr), .rdata_o(read), .we_i, .waddr_i, .wdata_i
  );

  ganglion_planar_lanes #(
    .Rows(Rows), .Columns(Columns), .BankRows(BankRows), .BankColumns(BankColumns),
    .ValueBits(ValueBits), .LiftedBits(LiftedBits), .AccBits(AccBits), .BiasBits(BiasBits),
    .Layers(Layers), .AllChannels(AllChannels), .Reaches(Reaches), .Before(Before), .Modes(Modes),
    .AddressBits(AddressBits), .Packing(Packing), .Shifts(Shifts), .Widths(Widths),
    .ModeOf(ModeOf), .Lows(Lows), .Signed(Signed), .Relus(Relus), .Pools(Pools), .Edges(Edges),
    .Adds(Adds), .AddsSigned(AddsSigned), .Tiles(Tiles), .Targets(Targets),
    .MapHeights(MapHeights), .MapWidths(MapWidths), .BiasFile(BiasFile)
  ) u_lanes (
    .clk_i, .rst_ni, .valid_i(valid), .first_i(first), .last_i(last), .layer_i, .index_i(index),
    .channel_i(channel), .place_i(place), .read_i(read), .reach_i(reach), .weight_i(weight),
    .valid_o, .layer_o, .place_o, .address_o, .edge_o, .result_o
  );
endmodule

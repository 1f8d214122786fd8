// Where a word's activations lie: one address for all lanes, and how many lanes further each reads.
// Latency 1 cycle, interval 1; weight_o, which has its layer's lift, comes with them.
// No handshake: a word a cycle, its weight 0 without valid_i or where a frame is missing.
// Golden: Map.address of hw.engines.planar.program.
module ganglion_planar_address #(
  parameter  int unsigned          Layers      = 2,
  parameter  int unsigned          WeightBits  = 8,   // in a word
  parameter  int unsigned          LiftedBits  = 10,  // of weight_o
  parameter  int unsigned          ChannelBits = 3,
  parameter  int unsigned          KernelBits  = 2,
  parameter  int unsigned          AddressBits = 9,
  parameter  int unsigned          Reaches     = 3,   // lanes that a lane can read, in a direction
  parameter  int unsigned          Before      = 0,   // how many of them are before it
  parameter  int unsigned          InChannels  = 4,   // of the first layer, all frames'
  parameter  logic [16*Layers-1:0] Sources     = '0,  // address of a layer's source
  parameter  logic [16*Layers-1:0] SourceTiles = {Layers{16'd1}},
  parameter  logic [16*Layers-1:0] Offsets     = '0,  // from the first lane to be read, padded
  parameter  logic [16*Layers-1:0] Lifts       = '0,
  parameter  logic [16*Layers-1:0] Adds        = '0,  // whether a pass ends with a map to add
  parameter  logic [16*Layers-1:0] Residuals   = '0,  // address of that map
  parameter  logic [16*Layers-1:0] Tiles       = {Layers{16'd1}},
  localparam int unsigned          LayerBits   = Layers > 1 ? $clog2(Layers) : 1,
  localparam int unsigned          ReachBits   = Reaches > 1 ? $clog2(Reaches) : 1,
  localparam int unsigned          FieldBits   = WeightBits + ChannelBits + 2 * KernelBits
) (
  input  logic                         clk_i,
  input  logic                         valid_i,
  input  logic                         last_i,
  input  logic [LayerBits-1:0]         layer_i,
  input  logic [FieldBits-1:0]         fields_i,   // weight, channel, row, column
  input  logic [1:0][7:0]              place_i,    // row and column in the tile
  input  logic [1:0][7:0]              origin_i,
  input  logic [ChannelBits-1:0]       oldest_i,   // channel in which the oldest frame begins
  input  logic [ChannelBits:0]         missing_i,  // channels of frames that there are not yet
  output logic [AddressBits-1:0]       address_o,
  output logic [1:0][ReachBits-1:0]    reach_o,    // rows and columns
  output logic signed [LiftedBits-1:0] weight_o
);
  if (Reaches <= Before || LiftedBits < WeightBits) begin : g_bad
    $error("ganglion_planar_address: Reaches %0d (above %0d), LiftedBits %0d (from WeightBits %0d)",
           Reaches, Before, LiftedBits, WeightBits);
  end

  logic signed [WeightBits-1:0] weight;
  logic [ChannelBits-1:0] channel, stored;
  logic [1:0][KernelBits-1:0] window;
  logic [ChannelBits:0] turned;
  logic is_input, is_missing, adds;
  logic [1:0][7:0] at, local_at;
  logic [1:0][ReachBits-1:0] reach;
  logic [Layers-1:0][AddressBits-1:0] address, added;
  logic [Layers-1:0][LiftedBits-1:0] lifted;

  assign {weight, channel, window} = fields_i;
  assign adds       = last_i && Adds[16*layer_i];
  assign is_input   = layer_i == '0;
  assign is_missing = is_input && {1'b0, channel} < missing_i;
  assign turned     = {1'b0, channel} + {1'b0, oldest_i};

  always_comb begin
    stored = channel;
    if (is_input) begin
      stored = ChannelBits'(turned >= (ChannelBits + 1)'(InChannels) ?
                            turned - (ChannelBits + 1)'(InChannels) : turned);
    end
  end

  // Row and column count from the first lane that can be read; a tile further is the next lane.
  for (genvar axis = 0; axis < 2; axis++) begin : g_axis
    logic [Reaches-1:0][7:0] start;
    assign at[axis] = origin_i[axis] + 8'(window[axis]) + 8'(Offsets[16*layer_i+:16]);
    for (genvar d = 0; d < Reaches; d++) begin : g_start
      logic [Layers-1:0][7:0] starts;
      for (genvar l = 0; l < Layers; l++) begin : g_layer
        assign starts[l] = 8'(d * SourceTiles[16*l+:16]);
      end
      assign start[d] = starts[layer_i];
    end
    always_comb begin
      reach[axis]    = '0;
      local_at[axis] = at[axis];
      for (int unsigned d = 1; d < Reaches; d++) begin
        if (at[axis] >= start[d]) begin
          reach[axis]    = ReachBits'(d);
          local_at[axis] = at[axis] - start[d];
        end
      end
    end
  end

  for (genvar l = 0; l < Layers; l++) begin : g_layer
    localparam int unsigned Tile = 32'(SourceTiles[16*l+:16]), TileBits = $clog2(Tile);
    assign address[l] = AddressBits'(Sources[16*l+:16]) +
                        ((AddressBits'(stored) << 2 * TileBits) |
                         (AddressBits'(local_at[1]) << TileBits) | AddressBits'(local_at[0]));
    assign lifted[l]  = LiftedBits'(weight) << Lifts[16*l+:16];
    localparam int unsigned OwnBits = $clog2(32'(Tiles[16*l+:16]));
    assign added[l]   = AddressBits'(Residuals[16*l+:16]) +
                        ((AddressBits'(channel) << 2 * OwnBits) |
                         (AddressBits'(place_i[1]) << OwnBits) | AddressBits'(place_i[0]));
  end

  always_ff @(posedge clk_i) begin
    address_o <= adds ? added[layer_i] : address[layer_i];
    reach_o   <= adds ? {2{ReachBits'(Before)}} : reach;
    weight_o  <= valid_i && !is_missing ? lifted[layer_i] : '0;
  end
endmodule

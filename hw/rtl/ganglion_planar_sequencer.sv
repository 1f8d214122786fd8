// Issues a stream's program: channel by channel, a pass for every place in a tile.
// Latency 1 cycle from an issue, the first one with run_i, to fields_o.
// No handshake but credit_i: a last layer's channel awaits it at its first pass' last word.
// Golden: hw.engines.planar.cycles.
module ganglion_planar_sequencer #(
  parameter  int unsigned          Layers      = 2,
  parameter  int unsigned          Words       = 64,
  parameter  int unsigned          WordBits    = 15,
  parameter  int unsigned          IndexBits   = 4,  // of all channels
  parameter  logic [16*Layers-1:0] Channels    = {Layers{16'd4}},  // that it makes of a layer
  parameter  logic [16*Layers-1:0] Tiles       = {Layers{16'd1}},
  parameter  logic [16*Layers-1:0] Strides     = {Layers{16'd1}},
  parameter                        ProgramFile = "",
  localparam int unsigned          LayerBits   = Layers > 1 ? $clog2(Layers) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 start_i,
  input  logic                 run_i,
  input  logic [LayerBits-1:0] layer_i,
  input  logic                 credit_i,
  output logic                 ends_o,     // the layer's last word is issued
  output logic                 reserve_o,  // the last layer's channel takes a credit
  output logic [WordBits-2:0]  fields_o,   // of the word, without its flag
  output logic                 valid_o,
  output logic                 first_o,    // of a pass
  output logic                 last_o,
  output logic [IndexBits-1:0] index_o,    // of the channel among all
  output logic [IndexBits-1:0] channel_o,  // in its layer
  output logic [1:0][7:0]      place_o,    // row and column in the tile
  output logic [1:0][7:0]      origin_o    // where they are in the source's, unpadded
);
  localparam int unsigned PcBits = Words > 1 ? $clog2(Words) : 1;
  localparam logic [LayerBits-1:0] LastLayer = LayerBits'(Layers - 1);
  if (Layers < 1 || Words < 2) begin : g_bad
    $error("ganglion_planar_sequencer: Layers %0d (from 1), Words %0d (from 2)", Layers, Words);
  end

  (* ram_style = "block", rom_style = "block" *) logic [WordBits-1:0] program_words [Words];
  initial if (ProgramFile != "") $readmemh(ProgramFile, program_words);

  logic [WordBits-1:0] word_q;
  logic [PcBits-1:0] pc_q, pass_q;
  logic fetched_q, first_q, is_last, issue, ends_pass, ends_channel;
  logic [IndexBits-1:0] index_q, channel_q;
  logic [1:0][7:0] place_q, origin_q;
  logic [1:0] ends;
  logic [7:0] tile, stride;

  assign fields_o = word_q[WordBits-2:0];

  assign tile   = 8'(Tiles[16*layer_i+:16]);
  assign stride = 8'(Strides[16*layer_i+:16]);
  assign ends   = {place_q[1] == tile - 1'b1, place_q[0] == tile - 1'b1};
  // The word read before says whether this one is its pass' last.
  assign is_last      = fetched_q && word_q[WordBits-1];
  assign reserve_o    = issue && is_last && layer_i == LastLayer && place_q == '0;
  assign issue        = run_i && (credit_i || !is_last || layer_i != LastLayer || place_q != '0);
  assign ends_pass    = issue && is_last;
  assign ends_channel = ends_pass && &ends;
  assign ends_o       = ends_channel && channel_q == IndexBits'(Channels[16*layer_i+:16] - 16'd1);

  always_ff @(posedge clk_i) begin
    if (issue) begin
      word_q    <= program_words[pc_q];
      index_o   <= index_q;
      channel_o <= channel_q;
      place_o   <= place_q;
      origin_o  <= origin_q;
      first_o   <= first_q;
    end
    last_o  <= ends_pass;
    valid_o <= issue && rst_ni;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      {pc_q, pass_q, index_q, channel_q, place_q, origin_q} <= '0;
      first_q <= 1'b1;
    end else if (issue) begin
      pc_q    <= ends_pass && !ends_channel ? pass_q : pc_q + 1'b1;
      first_q <= ends_pass;
      if (ends_pass) begin
        place_q[0]  <= ends[0] ? '0 : place_q[0] + 1'b1;
        origin_q[0] <= ends[0] ? '0 : origin_q[0] + stride;
      end
      if (ends_pass && ends[0]) begin
        place_q[1]  <= ends[1] ? '0 : place_q[1] + 1'b1;
        origin_q[1] <= ends[1] ? '0 : origin_q[1] + stride;
      end
      if (ends_channel) begin
        pass_q    <= pc_q + 1'b1;
        index_q   <= index_q + 1'b1;
        channel_q <= ends_o ? '0 : channel_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) fetched_q <= 1'b0;
    else if (issue) fetched_q <= 1'b1;
  end
endmodule

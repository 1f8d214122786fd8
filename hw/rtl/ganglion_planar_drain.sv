// The last map as a stream: planes in words of Chunk values, which need not divide a plane.
// Latency Streams + 2 cycles from a plane's last result to its first word, Chunks to its last.
// A ready/valid handshake. credit_o promises room for a plane more; reserve_i takes it.
// Golden: IntNetwork.__call__ in C order.
module ganglion_planar_drain #(
  parameter int unsigned Streams   = 1,
  parameter int unsigned Channels  = 4,
  parameter logic [Channels-1:0] Seconds = '0,  // the second stream's channels
  parameter int unsigned Rows      = 4,
  parameter int unsigned Columns   = 4,
  parameter int unsigned ValueBits = 8,
  parameter int unsigned Tile      = 1,
  parameter int unsigned Height    = 3,
  parameter int unsigned Width     = 3,
  parameter int unsigned Bits      = 8,
  parameter int unsigned Chunk     = 4   // divides the values of all planes
) (
  input  logic                                                     clk_i,
  input  logic                                                     rst_ni,
  input  logic [Streams-1:0]                                       reserve_i,
  output logic [Streams-1:0]                                       credit_o,
  input  logic [Streams-1:0]                                       valid_i,
  input  logic [Streams-1:0][1:0][7:0]                             place_i,
  input  logic [Streams-1:0][Rows-1:0][Columns-1:0][ValueBits-1:0] values_i,
  output logic [Chunk-1:0][Bits-1:0]                               tdata_o,
  output logic                                                     tvalid_o,
  input  logic                                                     tready_i
);
  localparam int unsigned Values = Height * Width;
  localparam int unsigned Chunks = (Values + Chunk - 1) / Chunk;
  localparam int unsigned LastValues = Values - (Chunks - 1) * Chunk;
  localparam int unsigned LeftBits = $clog2(Chunks + 1), FillBits = $clog2(2 * Chunk);

  if (Chunk < 1 || Chunk > 8) begin : g_bad
    $error("ganglion_planar_drain: Chunk %0d, allowed 1 to 8", Chunk);
  end

  logic ready, load, take, ends;
  logic [Streams-1:0] full;
  logic [Streams-1:0][Values-1:0][Bits-1:0] planes;
  logic [Values-1:0][Bits-1:0] plane;
  logic [Chunks-1:0][Chunk-1:0][Bits-1:0] chunks_q;
  logic [LeftBits-1:0] left_q;

  for (genvar s = 0; s < Streams; s++) begin : g_stream
    ganglion_planar_plane #(
      .Rows(Rows), .Columns(Columns), .ValueBits(ValueBits), .Tile(Tile), .Height(Height),
      .Width(Width), .Bits(Bits)
    ) u_plane (
      .clk_i, .rst_ni, .valid_i(valid_i[s]), .place_i(place_i[s]), .values_i(values_i[s]),
      .full_o(full[s]), .plane_o(planes[s])
    );
  end

  if (Streams == 1) begin : g_one
    logic waits_q;
    logic [1:0] under_way_q;
    assign plane    = planes[0];
    assign ready    = full[0] || waits_q;
    assign credit_o = under_way_q < 2'd2;
    always_ff @(posedge clk_i) begin
      waits_q     <= rst_ni && ready && !load;
      under_way_q <= !rst_ni ? '0 : under_way_q + 2'(reserve_i) - 2'(ends);
    end
  end else begin : g_turns
    ganglion_planar_turns #(
      .Channels(Channels), .Seconds(Seconds), .Bits(Values * Bits)
    ) u_turns (
      .clk_i, .rst_ni, .reserve_i, .credit_o, .full_i(full), .planes_i(planes), .ready_o(ready),
      .plane_o(plane), .take_i(load)
    );
  end

  assign ends = take && left_q == LeftBits'(1);
  assign load = ready && (left_q == '0 || ends);

  always_ff @(posedge clk_i) begin
    if (load) chunks_q <= (Chunks * Chunk * Bits)'(plane);
    else if (take) chunks_q <= chunks_q >> (Chunk * Bits);
    if (!rst_ni) left_q <= '0;
    else if (load) left_q <= LeftBits'(Chunks);
    else if (take) left_q <= left_q - 1'b1;
  end

  if (LastValues == Chunk) begin : g_whole
    assign tdata_o  = chunks_q[0];
    assign tvalid_o = left_q != '0;
    assign take     = tvalid_o && tready_i;
  end else begin : g_rest
    // A chunk goes behind the values that the words before have left over.
    logic [Chunk-2:0][Bits-1:0] rest_q;
    logic [FillBits-1:0] fill_q, filled;
    logic [2*Chunk-2:0][Bits-1:0] joined;
    logic is_word;

    always_comb begin
      joined = '0;
      for (int unsigned f = 0; f < Chunk; f++) begin
        if (fill_q == FillBits'(f)) begin
          for (int unsigned i = 0; i < 2 * Chunk - 1; i++) begin
            if (i < f) joined[i] = rest_q[i];
            else if (i - f < Chunk) joined[i] = chunks_q[0][i-f];
          end
        end
      end
    end

    assign filled   = fill_q + (left_q == LeftBits'(1) ? FillBits'(LastValues) : FillBits'(Chunk));
    assign is_word  = filled >= FillBits'(Chunk);
    assign tdata_o  = joined[Chunk-1:0];
    assign tvalid_o = left_q != '0 && is_word;
    assign take     = left_q != '0 && (tready_i || !is_word);

    always_ff @(posedge clk_i) begin
      if (take) rest_q <= is_word ? joined[2*Chunk-2:Chunk] : joined[Chunk-2:0];
      if (!rst_ni) fill_q <= '0;
      else if (take) fill_q <= is_word ? filled - FillBits'(Chunk) : filled;
    end
  end
endmodule

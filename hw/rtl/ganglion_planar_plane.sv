// An output channel put together from the lanes' results of its passes, rows then columns.
// Latency 1 cycle from the last pass to full_o, for a cycle; a channel every Tile**2 results.
// No handshake: whoever wants the plane takes it with full_o, or before the next result.
// Golden: models.reference.IntNetwork.forward.
module ganglion_planar_plane #(
  parameter int unsigned Rows      = 4,   // of lanes
  parameter int unsigned Columns   = 4,
  parameter int unsigned ValueBits = 8,
  parameter int unsigned Tile      = 1,
  parameter int unsigned Height    = 4,
  parameter int unsigned Width     = 4,
  parameter int unsigned Bits      = 8    // of a value in the plane
) (
  input  logic                                        clk_i,
  input  logic                                        rst_ni,
  input  logic                                        valid_i,
  input  logic [1:0][7:0]                             place_i,  // row and column in the tile
  input  logic [Rows-1:0][Columns-1:0][ValueBits-1:0] values_i,
  output logic                                        full_o,
  output logic [Height*Width-1:0][Bits-1:0]           plane_o
);
  if (Height > Rows * Tile || Width > Columns * Tile || Bits > ValueBits) begin : g_bad
    $error("ganglion_planar_plane: %0d x %0d of %0d bits from %0d x %0d of %0d bits, Tile %0d",
           Height, Width, Bits, Rows, Columns, ValueBits, Tile);
  end

  for (genvar y = 0; y < Height; y++) begin : g_row
    for (genvar x = 0; x < Width; x++) begin : g_column
      always_ff @(posedge clk_i) begin
        if (valid_i && place_i == {8'(y % Tile), 8'(x % Tile)}) begin
          plane_o[y*Width+x] <= values_i[y/Tile][x/Tile][Bits-1:0];
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    full_o <= rst_ni && valid_i && place_i == {2{8'(Tile - 1)}};
  end

  // Some lanes may have no place in this map.
  logic unused_values;
  assign unused_values = ^values_i;
endmodule

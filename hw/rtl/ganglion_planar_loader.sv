// A frame from its stream into the lanes' memories: a row is gathered, then written in Tile parts.
// Latency 2 cycles from a row's last word to its first write, while the next row is gathered.
// A ready/valid handshake in. loaded_o, behind the last write, stays until start_i.
// Golden: hw.engines.planar.interpret's memory; the cycles of hw.engines.planar.cycles.
module ganglion_planar_loader #(
  parameter  int unsigned Chunk       = 4,   // values in a word; divides the frame's
  parameter  int unsigned InBits      = 8,
  parameter  bit          InSigned    = 0,
  parameter  int unsigned ValueBits   = 8,
  parameter  int unsigned Channels    = 1,   // of a frame
  parameter  int unsigned Height      = 12,
  parameter  int unsigned Width       = 12,
  parameter  int unsigned Tile        = 2,
  parameter  int unsigned BankRows    = 6,
  parameter  int unsigned BankColumns = 6,
  parameter  int unsigned ChannelBits = 2,
  parameter  int unsigned AddressBits = 5
) (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,
  input  logic [Chunk-1:0][InBits-1:0]          tdata_i,
  input  logic                                  tvalid_i,
  output logic                                  tready_o,
  input  logic [ChannelBits-1:0]                channel_i,  // where the frame's first one goes
  input  logic                                  open_i,     // the frame there is not read any more
  input  logic                                  stall_i,    // something else is written
  input  logic                                  start_i,
  output logic                                  loaded_o,
  output logic [BankRows-1:0]                   we_o,
  output logic [AddressBits-1:0]                address_o,
  output logic [BankColumns-1:0][ValueBits-1:0] data_o
);
  function automatic int unsigned gcd(int unsigned a, int unsigned b);
    for (int unsigned i = a < b ? a : b; i > 1; i--) if (a % i == 0 && b % i == 0) return i;
    return 1;
  endfunction
  // Rows begin in a word at so many places; a word behind a row's last one still fits.
  localparam int unsigned Step = gcd(Width, Chunk);
  localparam int unsigned Held = Width - Step + Chunk;
  localparam int unsigned CountBits = $clog2(Held + 1), TileBits = $clog2(Tile);
  if (Chunk < 1 || (Channels * Height * Width) % Chunk != 0 || InBits > ValueBits) begin : g_bad
    $error("ganglion_planar_loader: Chunk %0d, %0d x %0d x %0d values, InBits %0d",
           Chunk, Channels, Height, Width, InBits);
  end

  logic [Held-1:0][InBits-1:0] held_q;  // the newest value on top
  logic [CountBits-1:0] count_q, left;
  logic complete, take, accept, write, ends_row, ends_bank, ends_channel, ends_frame;
  logic [Width-1:0][InBits-1:0] gathered, row_q;
  logic row_valid_q;
  logic [7:0] column_q, row_in_tile_q;
  logic [15:0] row_number_q, channel_number_q;
  logic [BankRows-1:0] bank_q;          // one is set
  logic [ChannelBits-1:0] channel;

  assign complete = count_q >= CountBits'(Width);
  assign take     = complete && (!row_valid_q || ends_row);
  assign left     = take ? count_q - CountBits'(Width) : count_q;
  assign tready_o = left < CountBits'(Width);
  assign accept   = tvalid_i && tready_o;

  always_comb begin
    gathered = held_q[0+:Width];
    for (int unsigned i = Step; i < Chunk; i += Step) begin
      if (count_q == CountBits'(Held - i)) gathered = held_q[i+:Width];
    end
  end

  assign write        = row_valid_q && open_i && !stall_i && !loaded_o;
  assign ends_row     = write && column_q == 8'(Tile - 1);
  assign ends_channel = row_number_q == 16'(Height - 1);
  assign ends_bank    = ends_channel || row_in_tile_q == 8'(Tile - 1);
  assign ends_frame   = ends_channel && channel_number_q == 16'(Channels - 1);
  assign channel      = channel_i + ChannelBits'(channel_number_q);

  assign we_o      = bank_q & {BankRows{write}};
  assign address_o = (AddressBits'(channel) << 2 * TileBits) |
                     (AddressBits'(row_in_tile_q) << TileBits) | AddressBits'(column_q);
  for (genvar b = 0; b < BankColumns; b++) begin : g_bank
    if (b * Tile >= Width) begin : g_beyond
      assign data_o[b] = '0;
    end else if (InSigned) begin : g_signed
      assign data_o[b] = ValueBits'(signed'(row_q[b*Tile]));
    end else begin : g_unsigned
      assign data_o[b] = ValueBits'(row_q[b*Tile]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) held_q <= (Held * InBits)'({tdata_i, held_q} >> (Chunk * InBits));
    if (take) row_q <= gathered;
    else if (write) row_q <= row_q >> InBits;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {count_q, row_valid_q, column_q, row_in_tile_q, row_number_q, channel_number_q} <= '0;
      bank_q   <= BankRows'(1);
      loaded_o <= 1'b0;
    end else begin
      count_q     <= accept ? left + CountBits'(Chunk) : left;
      row_valid_q <= take || (row_valid_q && !ends_row);
      if (start_i) loaded_o <= 1'b0;
      else if (ends_row && ends_frame) loaded_o <= 1'b1;
      if (write) column_q <= ends_row ? '0 : column_q + 1'b1;
      if (ends_row) begin
        row_in_tile_q <= ends_bank ? '0 : row_in_tile_q + 1'b1;
        row_number_q  <= ends_channel ? '0 : row_number_q + 1'b1;
        if (ends_channel) begin
          bank_q           <= BankRows'(1);
          channel_number_q <= ends_frame ? '0 : channel_number_q + 1'b1;
        end else if (ends_bank) begin
          bank_q <= bank_q << 1;
        end
      end
    end
  end
endmodule

// Which frame of the stack is the oldest, which the next one overwrites, and how many are missing.
// Latency 1 cycle from start_i; all frames are missing after a reset.
// No handshake: start_i when a frame is complete and the layers start.
// Golden: models.frames.stacked.
module ganglion_planar_frames #(
  parameter  int unsigned InChannels    = 4,
  parameter  int unsigned FrameChannels = 1,  // divides InChannels
  parameter  int unsigned ChannelBits   = 3   // 2**ChannelBits is InChannels at least
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   start_i,
  output logic [ChannelBits-1:0] oldest_o,   // its first channel
  output logic [ChannelBits:0]   missing_o   // channels
);
  localparam logic [ChannelBits:0] Frame = (ChannelBits + 1)'(FrameChannels);
  if (FrameChannels < 1 || InChannels % FrameChannels != 0) begin : g_bad
    $error("ganglion_planar_frames: FrameChannels %0d does not divide InChannels %0d",
           FrameChannels, InChannels);
  end

  logic [ChannelBits:0] next;
  assign next = {1'b0, oldest_o} + Frame;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      oldest_o  <= '0;
      missing_o <= (ChannelBits + 1)'(InChannels);
    end else if (start_i) begin
      oldest_o <= next == (ChannelBits + 1)'(InChannels) ? '0 : ChannelBits'(next);
      if (missing_o != '0) missing_o <= missing_o - Frame;
    end
  end
endmodule

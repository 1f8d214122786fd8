// CRC-16/CCITT-FALSE over one more byte: polynomial 0x1021, highest bit first, from 0xFFFF.
// Latency 0, interval 1.
// No handshake.
// Golden: deploy.transports.frame.crc16
module ganglion_crc16 (
  input  logic [15:0] crc_i,
  input  logic [7:0]  data_i,
  output logic [15:0] crc_o
);
  localparam logic [15:0] Polynomial = 16'h1021;

  always_comb begin
    crc_o = crc_i ^ {data_i, 8'h00};
    for (int i = 0; i < 8; i++) begin
      crc_o = {crc_o[14:0], 1'b0} ^ (crc_o[15] ? Polynomial : 16'h0000);
    end
  end
endmodule

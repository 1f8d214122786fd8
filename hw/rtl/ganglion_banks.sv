// The activation banks, Replicas times over, with one write port: lane p writes p mod Banks.
// Latency Pipelining to read, 1 + Pipelining from a result or input to reading it; interval 1.
// No handshake: lanes and reduction always win; busy_o tells the loader which banks they write.
// Golden: the memory in hw.engines.folded.interpret.
module ganglion_banks #(
  parameter  int unsigned Lanes       = 8,
  parameter  int unsigned Banks       = 8,
  parameter  int unsigned Replicas    = 2,
  parameter  int unsigned InValues    = 8,
  parameter  int unsigned ActBits     = 8,
  parameter  int unsigned AddressBits = 6,
  parameter  int unsigned Depth       = 62,  // addresses below hold results, the others inputs
  parameter  int unsigned Results     = 64,  // most results of one vector in a bank
  parameter  int unsigned Pipelining  = 0,
  localparam int unsigned SelectBits  = Banks > 1 ? $clog2(Banks) : 1
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  input  logic                               restart_i,
  input  logic [Lanes-1:0]                   write_i,
  input  logic [Lanes-1:0][ActBits-1:0]      result_i,
  input  logic                               store_i,  // the reduction writes store_bank_i
  input  logic [SelectBits-1:0]              store_bank_i,
  input  logic [ActBits-1:0]                 stored_i,
  input  logic [InValues-1:0]                load_we_i,
  input  logic [AddressBits-1:0]             load_addr_i,
  input  logic [InValues-1:0][ActBits-1:0]   load_data_i,
  output logic [InValues-1:0]                busy_o,
  input  logic [Replicas-1:0][Banks-1:0][AddressBits-1:0] addr_i,
  output logic [Replicas-1:0][Banks-1:0][ActBits-1:0]     act_o,
  output logic [Banks-1:0]                   we_o,  // results only; for taps
  output logic [Banks-1:0][ActBits-1:0]      data_o
);
  if (Banks < 1 || Banks > 64 || InValues > Banks || Replicas < 1 || Replicas > Lanes) begin : g_bad
    $error("ganglion_banks: Lanes %0d, Banks %0d (1 to 64), InValues %0d (to Banks), Replicas %0d",
           Lanes, Banks, InValues, Replicas);
  end

  for (genvar b = 0; b < Banks; b++) begin : g_bank
    localparam int unsigned Writers = b < Lanes ? (Lanes - b + Banks - 1) / Banks : 0;
    logic [Writers:0] valid;
    logic [Writers:0][ActBits-1:0] result;
    logic load_we, we;
    logic [ActBits-1:0] load_data;
    logic [AddressBits-1:0] waddr;

    for (genvar k = 0; k < Writers; k++) begin : g_writer
      assign valid[k]  = write_i[b+k*Banks];
      assign result[k] = result_i[b+k*Banks];
    end
    assign valid[Writers]  = store_i && store_bank_i == SelectBits'(b);
    assign result[Writers] = stored_i;

    if (b < InValues) begin : g_load
      assign load_we   = load_we_i[b];
      assign load_data = load_data_i[b];
      assign busy_o[b] = we_o[b];
    end else begin : g_results_only
      assign load_we   = 1'b0;
      assign load_data = '0;
    end

    ganglion_write_port #(
      .Sources(Writers + 1), .ActBits(ActBits), .AddressBits(AddressBits), .Depth(Depth),
      .Results(Results)
    ) u_port (
      .clk_i, .rst_ni, .restart_i,
      .valid_i     (valid),
      .result_i    (result),
      .busy_o      (we_o[b]),
      .load_we_i   (load_we),
      .load_addr_i,
      .load_data_i (load_data),
      .we_o        (we),
      .addr_o      (waddr),
      .data_o      (data_o[b])
    );

    for (genvar g = 0; g < Replicas; g++) begin : g_replica
      ganglion_bank #(
        .ActBits(ActBits), .AddressBits(AddressBits), .Pipelining(Pipelining)
      ) u_bank (
        .clk_i,
        .we_i    (we),
        .waddr_i (waddr),
        .wdata_i (data_o[b]),
        .raddr_i (addr_i[g][b]),
        .rdata_o (act_o[g][b])
      );
    end
  end
endmodule

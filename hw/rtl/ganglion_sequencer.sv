// Program memory and counter: a word a cycle from a vector's start to the program's last word.
// Latency 0: the first word waits at the output for its start, with ready_i. Interval Cycles.
// No handshake: word_o counts with run_o; each of the first Awaited words takes an arrived_i.
// Golden: the cycles of hw.engines.folded.interpret.
module ganglion_sequencer #(
  parameter int unsigned WordBits    = 32,
  parameter int unsigned Cycles      = 16,
  parameter int unsigned Awaited     = 1,   // less than Cycles
  parameter              ProgramFile = ""
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                ready_i,
  input  logic                arrived_i,
  output logic                start_o,
  output logic                run_o,
  output logic                last_o,
  output logic [WordBits-1:0] word_o
);
  localparam int unsigned CounterBits = Cycles > 1 ? $clog2(Cycles) : 1;
  localparam int unsigned WaitingBits = $clog2(Awaited + 1);
  localparam logic [CounterBits-1:0] LastIndex = CounterBits'(Cycles - 1);
  if (Awaited < 1 || Cycles <= Awaited || WordBits < 1) begin : g_bad
    $error("ganglion_sequencer: Awaited %0d (from 1), Cycles %0d (above it), WordBits %0d (from 1)",
           Awaited, Cycles, WordBits);
  end

  (* ram_style = "block", rom_style = "block" *) logic [WordBits-1:0] program_words [Cycles];
  initial if (ProgramFile != "") $readmemh(ProgramFile, program_words);

  // next_q is the index behind the word at the output; primed_q says that there is one, awaits_q
  // and last_o what it is.
  logic [CounterBits-1:0] next_q;
  logic primed_q, running_q, awaits_q, fetch, goes, is_last;
  logic [WaitingBits-1:0] waiting_q;

  assign is_last = next_q == LastIndex;
  assign goes    = !awaits_q || waiting_q != '0;
  assign start_o = primed_q && !running_q && ready_i && goes;
  assign run_o   = running_q ? goes : start_o;
  assign fetch   = run_o || !primed_q;

  always_ff @(posedge clk_i) begin
    if (fetch) begin
      word_o   <= program_words[next_q];
      awaits_q <= next_q < CounterBits'(Awaited);
      last_o   <= is_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_q    <= '0;
      primed_q  <= 1'b0;
      running_q <= 1'b0;
      waiting_q <= '0;
    end else begin
      primed_q  <= 1'b1;
      if (run_o) running_q <= !last_o;
      waiting_q <= waiting_q + WaitingBits'(arrived_i) - WaitingBits'(run_o && awaits_q);
      if (fetch) next_q <= is_last ? '0 : next_q + 1'b1;
    end
  end
endmodule

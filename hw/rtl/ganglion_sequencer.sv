// Program memory and counter: a word a cycle from a vector's start to the program's last word.
// Latency 0: the first word waits at the output for its start. Interval Cycles.
// No handshake but ready_i, for the start: word_o counts where run_o is set; last_o marks the last.
// Golden: the cycles of hw.folded.interpret.
module ganglion_sequencer #(
  parameter int unsigned WordBits    = 32,
  parameter int unsigned Cycles      = 16,
  parameter              ProgramFile = ""
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                ready_i,
  output logic                start_o,
  output logic                run_o,
  output logic                last_o,
  output logic [WordBits-1:0] word_o
);
  localparam int unsigned CounterBits = Cycles > 1 ? $clog2(Cycles) : 1;
  localparam logic [CounterBits-1:0] LastIndex = CounterBits'(Cycles - 1);
  if (Cycles < 1 || WordBits < 1) begin : g_bad
    $error("ganglion_sequencer: Cycles %0d and WordBits %0d must be at least 1", Cycles, WordBits);
  end

  (* ram_style = "block", rom_style = "block" *) logic [WordBits-1:0] program_words [Cycles];
  initial if (ProgramFile != "") $readmemh(ProgramFile, program_words);

  // next_q is the index behind the word at the output; primed_q says that there is one.
  logic [CounterBits-1:0] next_q;
  logic primed_q, running_q, fetch;

  assign start_o = primed_q && !running_q && ready_i;
  assign run_o   = running_q || start_o;
  assign last_o  = next_q == '0;
  assign fetch   = run_o || !primed_q;

  always_ff @(posedge clk_i) if (fetch) word_o <= program_words[next_q];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_q    <= '0;
      primed_q  <= 1'b0;
      running_q <= 1'b0;
    end else begin
      primed_q  <= 1'b1;
      running_q <= run_o && !last_o;
      if (fetch) next_q <= next_q == LastIndex ? '0 : next_q + 1'b1;
    end
  end
endmodule

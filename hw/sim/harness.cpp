// Drives the simulated accelerator over AXI-Stream and watches every stream of it:
//   harness run in=FILE out=FOLDER vectors=N patience=N drain=N
//               [starts=FILE stall=% burst=CYCLES seed=N spaced=1 waits=1 reset_at=CYCLE reset=CYCLES switching=1]
//   harness serve patience=N     on stdin: uint32 count, then count vectors; on stdout: count result vectors, then an
//                                int64 for each, its cycles; a count of 0 resets the accelerator and has no answer
// `starts` holds an int64 for each vector before which the accelerator is reset, once those before it were answered.
// `run` writes FOLDER/<port>.bin for the output and each tap, FOLDER/switching.bin of a netlist's nets if asked to, and
// one line of JSON on stdout; exit 3 says why in that line.

#include "axi_stream.h"
#include "switching.h"

#include <climits>
#include <cstdio>
#include <map>
#include <optional>

#include "verilated.h"

namespace {

constexpr int FailedExit = 3;

class Arguments {
 public:
  Arguments(int count, char** values) {
    for (int i = 2; i < count; ++i) {
      const std::string argument = values[i];
      const size_t split = argument.find('=');
      if (split == std::string::npos) throw std::invalid_argument("expected key=value, got " + argument);
      values_[argument.substr(0, split)] = argument.substr(split + 1);
    }
  }
  std::string text(const std::string& key) const { return values_.at(key); }
  std::string text(const std::string& key, const std::string& otherwise) const {
    return values_.count(key) ? text(key) : otherwise;
  }
  long number(const std::string& key) const { return std::stol(values_.at(key)); }
  long number(const std::string& key, long otherwise) const { return values_.count(key) ? number(key) : otherwise; }

 private:
  std::map<std::string, std::string> values_;
};

class Bench {
 public:
  explicit Bench(const Arguments& arguments)
      : patience_(arguments.number("patience")),
        reset_cycles_(arguments.number("reset", 1)),
        spaced_(arguments.number("spaced", 0) != 0),
        waits_(arguments.number("waits", 0) != 0),
        source_stall_(stall(arguments, 1)),
        sink_stall_(stall(arguments, 2)) {
    context_.randReset(2);  // registers without a reset or an initial value start at random
    context_.randSeed(static_cast<int>(arguments.number("seed", 1)));
    model_ = make_model(context_);
    input_ = model_->ports[0];
    for (size_t i = 1; i < model_->ports.size(); ++i) watches_.emplace_back(model_->ports[i]);
    reset();
    if (arguments.number("switching", 0)) switching_.emplace(model_->nets, model_->n_nets);
  }

  void reset() {
    hold_in_reset();
    begin();
  }
  // Before each of these vectors, in ascending order, the accelerator is to be reset.
  void restart_before(const std::vector<int64_t>& vectors) { restarts_ = vectors; }
  // Sends `count` vectors and waits for their results; returns early at cycle `until` when that is not zero.
  void transfer(const char* words, long count, long until) {
    while (watches_[0].count() < count * output().words) {
      if (until && now_ >= until) return;
      if (restart_is_due() && all_answered()) restart();
      offer(words, count);
      *output().ready = !sink_stall_.next() && (!waits_ || watches_[0].waiting());
      clock(true);
      if (now_ - last_progress_ > patience_)
        throw Failure("deadline", output().name, "no word moved on any stream for " + std::to_string(patience_) + " cycles");
    }
  }
  void drain(long cycles) {
    *input_.valid = 0;
    *output().ready = 1;
    for (long i = 0; i < cycles; ++i) clock(true);
  }
  void begin() {
    for (Watch& watch : watches_) watch.forget();
    sent_ = 0;
    restarted_ = 0;
    starts_.clear();
    ends_.clear();
    last_progress_ = now_;
  }
  void check_counts(long vectors) const {
    for (const Watch& watch : watches_) {
      const long expected = vectors * watch.port().words;
      if (watch.count() != expected)
        throw Failure("count", watch.port().name,
                      "expected " + std::to_string(expected) + " words, got " + std::to_string(watch.count()));
    }
  }
  // Ends the count of switching, if there is one.
  void write_switching(const std::string& path) {
    if (switching_) switching_->write(path);
    switching_.reset();
  }
  long now() const { return now_; }
  long in_flight() const { return static_cast<long>(starts_.size() - ends_.size()); }
  const std::vector<long>& starts() const { return starts_; }
  const std::vector<long>& ends() const { return ends_; }
  const std::vector<Watch>& watches() const { return watches_; }
  const Port& input() const { return input_; }
  const Port& output() const { return watches_[0].port(); }

 private:
  static Stall stall(const Arguments& arguments, uint64_t side) {
    const auto seed = static_cast<uint64_t>(arguments.number("seed", 1));
    return Stall(arguments.number("stall", 0), arguments.number("burst", 64), 2 * seed + side);
  }
  void offer(const char* words, long count) {
    if (*input_.valid) return;  // a word once offered stays until accepted
    if (sent_ == count * input_.words || source_stall_.next() || !may_start()) return;
    std::memcpy(input_.data, words + sent_ * input_.bytes, input_.bytes);
    *input_.valid = 1;
  }
  bool restart_is_due() const {
    return restarted_ < restarts_.size() && sent_ == restarts_[restarted_] * input_.words;
  }
  bool all_answered() const {
    const long vectors = sent_ / input_.words;
    return std::all_of(watches_.begin(), watches_.end(),
                       [&](const Watch& watch) { return watch.count() == vectors * watch.port().words; });
  }
  void restart() {
    hold_in_reset();
    ++restarted_;
  }
  void hold_in_reset() {
    *model_->reset_n = 0;
    *input_.valid = 0;
    *output().ready = 0;
    for (long i = 0; i < reset_cycles_; ++i) clock(false);
    *model_->reset_n = 1;
  }
  bool may_start() const {
    if (restart_is_due()) return false;
    return !spaced_ || sent_ % input_.words || watches_[0].count() == sent_ / input_.words * output().words;
  }
  void clock(bool watching) {
    *model_->clock = 0;
    model_->eval();
    if (switching_) switching_->sample();
    const bool taken = watching && *input_.valid && *input_.ready;
    bool moved = taken;
    if (taken && sent_++ % input_.words == 0) starts_.push_back(now_);
    for (Watch& watch : watches_)
      if (watching) moved |= watch.observe();
    if (watches_[0].count() >= static_cast<long>(ends_.size() + 1) * output().words) ends_.push_back(now_);
    if (moved) last_progress_ = now_;
    *model_->clock = 1;
    model_->eval();
    if (taken) *input_.valid = 0;
    ++now_;
    context_.timeInc(1);
  }

  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  Port input_;
  std::vector<Watch> watches_;
  std::optional<Switching> switching_;
  long now_ = 0, sent_ = 0, last_progress_ = 0, patience_, reset_cycles_;
  bool spaced_, waits_;
  Stall source_stall_, sink_stall_;
  std::vector<long> starts_, ends_;
  std::vector<int64_t> restarts_;
  size_t restarted_ = 0;
};

std::vector<char> read_exactly(std::FILE* file, size_t bytes) {
  std::vector<char> data(bytes);
  if (std::fread(data.data(), 1, bytes, file) != bytes) throw std::runtime_error("input ended early");
  return data;
}

std::vector<int64_t> read_restarts(const std::string& path) {
  std::vector<int64_t> vectors;
  if (path.empty()) return vectors;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) throw std::runtime_error("cannot read " + path);
  for (int64_t each; std::fread(&each, sizeof each, 1, file) == 1;) vectors.push_back(each);
  std::fclose(file);
  return vectors;
}

void write_streams(const Bench& bench, const std::string& folder) {
  for (const Watch& watch : bench.watches()) {
    std::FILE* file = std::fopen((folder + "/" + watch.port().name + ".bin").c_str(), "wb");
    const std::vector<char>& words = watch.words();
    if (!file || std::fwrite(words.data(), 1, words.size(), file) != words.size() || std::fclose(file))
      throw std::runtime_error("cannot write " + folder);
  }
}

// The cycles of each vector, from its first input word to its last output word.
std::vector<int64_t> latencies(const Bench& bench) {
  std::vector<int64_t> cycles;
  for (size_t i = 0; i < bench.ends().size(); ++i) cycles.push_back(bench.ends()[i] - bench.starts()[i]);
  return cycles;
}

void write_latencies(const Bench& bench, const std::string& path) {
  const std::vector<int64_t> cycles = latencies(bench);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(cycles.data(), sizeof(int64_t), cycles.size(), file) != cycles.size() || std::fclose(file))
    throw std::runtime_error("cannot write " + path);
}

void print_measures(const Bench& bench, long in_flight) {
  long low = LONG_MAX, high = 0;
  for (size_t i = 0; i < bench.ends().size(); ++i) {
    low = std::min(low, bench.ends()[i] - bench.starts()[i]);
    high = std::max(high, bench.ends()[i] - bench.starts()[i]);
  }
  const std::vector<long>& ends = bench.ends();
  const double interval = ends.size() < 2 ? 0 : static_cast<double>(ends.back() - ends.front()) / (ends.size() - 1.0);
  std::printf("{\"cycles\": %ld, \"latency_min\": %ld, \"latency_max\": %ld, \"interval\": %.4f, \"lost_by_reset\": %ld}\n",
              bench.now(), low, high, interval, in_flight);
}

int run(const Arguments& arguments) {
  Bench bench(arguments);
  const long vectors = arguments.number("vectors");
  std::FILE* file = std::fopen(arguments.text("in").c_str(), "rb");
  if (!file) throw std::runtime_error("cannot read " + arguments.text("in"));
  const std::vector<char> words = read_exactly(file, vectors * bench.input().words * bench.input().bytes);
  std::fclose(file);
  bench.restart_before(read_restarts(arguments.text("starts", "")));
  long in_flight = 0;
  try {
    if (const long reset_at = arguments.number("reset_at", 0)) {
      bench.transfer(words.data(), vectors, bench.now() + reset_at);
      in_flight = bench.in_flight();
      bench.reset();
    }
    bench.transfer(words.data(), vectors, 0);
    bench.write_switching(arguments.text("out") + "/switching.bin");
    bench.drain(arguments.number("drain"));
    bench.check_counts(vectors);
  } catch (const Failure& failure) {
    write_streams(bench, arguments.text("out"));
    std::printf("{\"failure\": \"%s\", \"where\": \"%s\", \"detail\": \"%s\", \"cycle\": %ld}\n", failure.kind.c_str(),
                failure.where.c_str(), failure.what(), bench.now());
    return FailedExit;
  }
  write_streams(bench, arguments.text("out"));
  write_latencies(bench, arguments.text("out") + "/latencies.bin");
  print_measures(bench, in_flight);
  return 0;
}

int serve(const Arguments& arguments) {
  Bench bench(arguments);
  uint32_t count = 0;
  while (std::fread(&count, sizeof count, 1, stdin) == 1) {
    const std::vector<char> words = read_exactly(stdin, count * bench.input().words * bench.input().bytes);
    if (count == 0) {
      bench.reset();
      continue;
    }
    bench.begin();
    bench.transfer(words.data(), count, 0);
    const std::vector<char>& results = bench.watches()[0].words();
    std::fwrite(results.data(), 1, results.size(), stdout);
    const std::vector<int64_t> cycles = latencies(bench);
    std::fwrite(cycles.data(), sizeof(int64_t), cycles.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

// Verilator calls this after it has printed the message of a failed assertion, $error or $stop (VL_USER_STOP).
void vl_stop(const char* file, int line, const char* scope) {
  throw Failure("assertion", std::string(scope), std::string(file) + ":" + std::to_string(line));
}

int main(int count, char** values) {
  const std::string mode = count > 1 ? values[1] : "";
  try {
    const Arguments arguments(count, values);
    if (mode == "run") return run(arguments);
    if (mode == "serve") return serve(arguments);
    throw std::invalid_argument("expected run or serve, got '" + mode + "'");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harness: %s\n", error.what());
    return 1;
  }
}

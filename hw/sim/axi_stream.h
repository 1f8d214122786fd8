// Parts of harness.cpp: the model it drives, random stalls, and a watch that records an AXI-Stream and asserts its
// promise.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

// A stream of the simulated top module: pointers into the model, bytes a word, words a vector.
struct Port {
  const char* name;
  void* data;
  unsigned char* valid;
  unsigned char* ready;
  size_t bytes;
  long words;
};

// The simulated top module behind its ports: input first, then output, then taps; and the nets that are observed.
struct Model {
  virtual ~Model() = default;
  virtual void eval() = 0;
  unsigned char* clock = nullptr;
  unsigned char* reset_n = nullptr;
  std::vector<Port> ports;
  const uint32_t* nets = nullptr;  // of a netlist, a bit each
  size_t n_nets = 0;
};

class VerilatedContext;

// Defined in the file that hw/sim/verilate.py generates for each design, so that the harness itself is compiled once.
std::unique_ptr<Model> make_model(VerilatedContext& context);

struct Failure : std::runtime_error {
  Failure(const std::string& kind, const std::string& where, const std::string& detail)
      : std::runtime_error(detail), kind(kind), where(where) {}
  std::string kind, where;
};

// Stalls `percent` of the cycles in bursts of 1 to `longest` cycles: single-cycle stalls alone never fill a pipeline
// that takes hundreds of cycles for a vector, and back-pressure is where streams break.
class Stall {
 public:
  Stall(long percent, long longest, uint64_t seed) : share_(percent / 100.0), longest_(longest), random_(seed) {}
  bool next() {
    if (share_ <= 0) return false;
    if (left_ == 0) {
      stalled_ = !stalled_;
      if (stalled_) scale_ = std::pow(static_cast<double>(longest_), fraction());
      left_ = std::max(1L, std::lround(scale_ * fraction() * 2 * (stalled_ ? share_ : 1 - share_)));
      left_ = std::min(left_, longest_);
    }
    --left_;
    return stalled_;
  }

 private:
  double fraction() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }
  double share_, scale_ = 1;
  long longest_, left_ = 0;
  bool stalled_ = false;
  std::mt19937_64 random_;
};

// Records the words that pass a stream and asserts AXI-Stream's promise: once valid, data stays until accepted.
class Watch {
 public:
  explicit Watch(const Port& port) : port_(port), held_(port.bytes) {}
  void forget() { words_.clear(), count_ = 0, waiting_ = false; }
  bool observe() {
    const auto* data = static_cast<const char*>(port_.data);
    if (waiting_ && !*port_.valid) throw Failure("handshake", port_.name, "valid fell before the word was accepted");
    if (waiting_ && std::memcmp(data, held_.data(), port_.bytes))
      throw Failure("handshake", port_.name, "data changed while valid and not accepted");
    const bool accepted = *port_.valid && *port_.ready;
    if (accepted) words_.insert(words_.end(), data, data + port_.bytes), ++count_;
    waiting_ = *port_.valid && !*port_.ready;
    if (waiting_) std::memcpy(held_.data(), data, port_.bytes);
    return accepted;
  }
  bool waiting() const { return waiting_; }
  long count() const { return count_; }
  const std::vector<char>& words() const { return words_; }
  const Port& port() const { return port_; }

 private:
  Port port_;
  std::vector<char> held_, words_;
  long count_ = 0;
  bool waiting_ = false;
};

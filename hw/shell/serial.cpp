// The Verilated ganglion_shell_serial as a shared library. Bytes that are put wait their turn and
// move, bit by bit, while the clock runs. handle.h has what every shell exports.
#include <cstdint>
#include <deque>
#include <memory>

#include "Vtop.h"
#include "Vtop_ganglion_shell_serial.h"
#include "verilated.h"

namespace {

constexpr char Name[] = "ganglion_serial";
constexpr int FrameBits = 10;  // 8N1: a start bit, eight bits, a stop bit
constexpr double ClocksPerBit = Vtop_ganglion_shell_serial::ClocksPerBit;

// The host's end of the line, whose bits are `clocks` long.
struct Host {
  double clocks = ClocksPerBit;
  std::deque<uint8_t> out, in;
  double sent = 0, seen = 0;
  uint32_t frame = 1, bits = 0;
  bool receives = false;

  bool drive() {
    if (frame == 1 && !out.empty()) {
      frame = 0x600u | out.front() << 1;  // the marker above the stop bit ends it
      out.pop_front();
      sent = 0;
    }
    const bool level = frame & 1;
    if (frame != 1 && ++sent >= clocks) {
      sent -= clocks;
      frame >>= 1;
    }
    return level;
  }
  void sample(bool level) {
    if (!receives && !level) {
      receives = true;
      seen = 0;
      bits = 0;
    }
    if (!receives) return;
    const auto index = static_cast<int>(seen / clocks);
    if (seen >= (index + 0.5) * clocks && seen - 1 < (index + 0.5) * clocks) {
      bits |= static_cast<uint32_t>(level) << index;
      if (index == FrameBits - 1) {
        in.push_back(static_cast<uint8_t>(bits >> 1));
        receives = false;
      }
    }
    ++seen;
  }
};

struct Shell {
  VerilatedContext context;
  std::unique_ptr<Vtop> top;
  Host host;
  uint64_t cycles = 0;

  Shell() {
    context.randReset(2);  // registers without a reset or an initial value start at random
    top = std::make_unique<Vtop>(&context);
    top->rx_i = 1;
    reset(1);
    host = Host();  // before its first reset a transmitter says anything
  }
  ~Shell() { top->final(); }

  void clock() {
    top->clk_i = 0;
    top->rx_i = host.drive();
    top->eval();
    host.sample(top->tx_o);
    top->clk_i = 1;
    context.timeInc(1);
    top->eval();
    ++cycles;
  }
  void reset(uint32_t length) {
    top->rst_ni = 0;
    for (uint32_t i = 0; i < length; ++i) clock();
    top->rst_ni = 1;
  }
};

}  // namespace

#include "handle.h"

extern "C" {

int ganglion_serial_put(void* handle, const uint8_t* bytes, int count) {
  shell(handle).host.out.insert(shell(handle).host.out.end(), bytes, bytes + count);
  return count;
}

int ganglion_serial_get(void* handle, uint8_t* bytes, int most) {
  auto& in = shell(handle).host.in;
  int count = 0;
  for (; count < most && !in.empty(); ++count, in.pop_front()) bytes[count] = in.front();
  return count;
}

// The length of the host's bits, in parts of what it should be: 1.02 is two percent slow.
void ganglion_serial_skew(void* handle, double length) { shell(handle).host.clocks = length * ClocksPerBit; }

}  // extern "C"

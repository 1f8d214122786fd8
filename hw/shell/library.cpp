// The Verilated ganglion_shell_axi_lite as a shared library. Reads and writes are single AXI4-Lite
// transactions and return the response, or -1 when there is none within the deadline or an assertion failed, which is
// told on stderr. handle.h has what every shell exports.
#include <cstdint>
#include <memory>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr char Name[] = "ganglion_shell";
constexpr int NoAnswer = -1;
constexpr int DeadlineCycles = 1000;

struct Shell {
  VerilatedContext context;
  std::unique_ptr<Vtop> top;
  uint64_t cycles = 0;

  Shell() {
    context.randReset(2);  // registers without a reset or an initial value start at random
    context.randSeed(1);
    top = std::make_unique<Vtop>(&context);
    reset(1);
  }
  ~Shell() { top->final(); }

  void clock() {
    top->aclk = 0;
    top->eval();
    top->aclk = 1;
    context.timeInc(1);
    top->eval();
    ++cycles;
  }

  void reset(uint32_t length) {
    top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_bready = 0;
    top->s_axi_arvalid = top->s_axi_rready = 0;
    top->aresetn = 0;
    for (uint32_t i = 0; i < length; ++i) clock();
    top->aresetn = 1;
  }

  int read(uint32_t address, uint32_t* value) {
    top->s_axi_araddr = address;
    top->s_axi_arvalid = top->s_axi_rready = 1;
    for (int i = 0; i < DeadlineCycles; ++i) {
      settle();
      const bool accepted = top->s_axi_arready, answered = top->s_axi_rvalid;
      const int response = top->s_axi_rresp;
      if (answered) *value = top->s_axi_rdata;
      clock();
      if (accepted) top->s_axi_arvalid = 0;
      if (answered) {
        top->s_axi_rready = 0;
        return response;
      }
    }
    return NoAnswer;
  }

  int write(uint32_t address, uint32_t value) {
    top->s_axi_awaddr = address;
    top->s_axi_wdata = value;
    top->s_axi_wstrb = 0xF;
    top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_bready = 1;
    for (int i = 0; i < DeadlineCycles; ++i) {
      settle();
      const bool has_address = top->s_axi_awready, has_data = top->s_axi_wready, answered = top->s_axi_bvalid;
      const int response = top->s_axi_bresp;
      clock();
      if (has_address) top->s_axi_awvalid = 0;
      if (has_data) top->s_axi_wvalid = 0;
      if (answered) {
        top->s_axi_bready = 0;
        return response;
      }
    }
    return NoAnswer;
  }

 private:
  void settle() {
    top->aclk = 0;
    top->eval();
  }
};

}  // namespace

#include "handle.h"

extern "C" {

int ganglion_read(void* handle, uint32_t address, uint32_t* value) {
  return guarded([&] { return shell(handle).read(address, value); });
}

int ganglion_write(void* handle, uint32_t address, uint32_t value) {
  return guarded([&] { return shell(handle).write(address, value); });
}

}  // extern "C"

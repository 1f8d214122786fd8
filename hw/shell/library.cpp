// The Verilated ganglion_shell_axi_lite as a shared library. A handle is one simulated accelerator; it is used by one
// thread at a time. Reads and writes are single AXI4-Lite transactions and return the response, or -1 when there is
// none within the deadline or an assertion failed, which is told on stderr.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "Vtop.h"
#include "verilated.h"

namespace {

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

Shell& shell(void* handle) { return *static_cast<Shell*>(handle); }

template <typename Action>
int guarded(Action action) {
  try {
    return action();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ganglion_shell: %s\n", error.what());
    return NoAnswer;
  }
}

}  // namespace

// Called by Verilator's runtime when an assertion fails.
void vl_stop(const char* file, int line, const char* scope) {
  throw std::runtime_error("assertion in " + std::string(scope) + " at " + file + ":" + std::to_string(line));
}

extern "C" {

void* ganglion_open() {
  void* handle = nullptr;
  guarded([&] {
    handle = new Shell;
    return 0;
  });
  return handle;
}

void ganglion_close(void* handle) { delete static_cast<Shell*>(handle); }

void ganglion_reset(void* handle, uint32_t cycles) {
  guarded([&] {
    shell(handle).reset(cycles);
    return 0;
  });
}

int ganglion_read(void* handle, uint32_t address, uint32_t* value) {
  return guarded([&] { return shell(handle).read(address, value); });
}

int ganglion_write(void* handle, uint32_t address, uint32_t value) {
  return guarded([&] { return shell(handle).write(address, value); });
}

void ganglion_run(void* handle, uint64_t cycles) {
  guarded([&] {
    for (uint64_t i = 0; i < cycles; ++i) shell(handle).clock();
    return 0;
  });
}

uint64_t ganglion_clock(void* handle) { return shell(handle).cycles; }

}  // extern "C"

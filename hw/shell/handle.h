// What every simulated shell exports alike, over a struct Shell that has clock(), reset(cycles) and `cycles`. A handle is
// one Shell; it is used by one thread at a time. Include it last: it defines functions.
#pragma once
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

constexpr int Failed = -1;

Shell& shell(void* handle) { return *static_cast<Shell*>(handle); }

// What `action` returns, or Failed when an assertion failed, which is told on stderr.
template <typename Action>
int guarded(Action action) {
  try {
    return action();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", Name, error.what());
    return Failed;
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

// Returns 0, or Failed.
int ganglion_run(void* handle, uint64_t cycles) {
  return guarded([&] {
    for (uint64_t i = 0; i < cycles; ++i) shell(handle).clock();
    return 0;
  });
}

uint64_t ganglion_clock(void* handle) { return shell(handle).cycles; }

}  // extern "C"

// Part of harness.cpp: how often each net of a netlist switched, and in how many cycles it was high. A cycle counts once,
// when everything has settled, so what a net does in between is not seen.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

class Switching {
 public:
  Switching(const uint32_t* nets, size_t count) : nets_(nets), count_(count), toggles_(count), high_(count) {}
  void sample() {
    if (cycles_ == 0) last_.assign(nets_, nets_ + (count_ + 31) / 32);
    for (size_t word = 0; word < last_.size(); ++word) {
      for (uint32_t changed = nets_[word] ^ last_[word]; changed; changed &= changed - 1) switched(word, std::countr_zero(changed));
      last_[word] = nets_[word];
    }
    ++cycles_;
  }
  // Writes the cycles, then the toggles of each net, then its cycles high, 64 bits each.
  void write(const std::string& path) {
    for (size_t net = 0; net < count_; ++net)
      if (last_.at(net / 32) >> net % 32 & 1) high_[net] += cycles_;
    std::FILE* file = std::fopen(path.c_str(), "wb");
    const bool whole = file && std::fwrite(&cycles_, sizeof cycles_, 1, file) == 1 && save(toggles_, file) && save(high_, file);
    if (!whole || std::fclose(file)) throw std::runtime_error("cannot write " + path);
  }

 private:
  // A net that rises is high from this cycle on; one that falls was high before it. Sums wrap, their difference is right.
  void switched(size_t word, int bit) {
    const size_t net = 32 * word + bit;
    ++toggles_[net];
    high_[net] += last_[word] >> bit & 1 ? cycles_ : -cycles_;
  }
  static bool save(const std::vector<uint64_t>& counts, std::FILE* file) {
    return std::fwrite(counts.data(), sizeof counts[0], counts.size(), file) == counts.size();
  }

  const uint32_t* nets_;
  size_t count_;
  uint64_t cycles_ = 0;
  std::vector<uint32_t> last_;
  std::vector<uint64_t> toggles_, high_;
};

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace ablate::kernels {

/// Working memory of the calling thread, 64-byte aligned and not cleared. What an object handed out is taken
/// back when it goes out of scope; scopes may nest. The memory is kept for the next one: once the largest
/// need has been seen nothing is allocated.
class Scratch {
 public:
  Scratch() : block_(stack().block), used_(stack().used) {}
  ~Scratch() { stack().release(block_, used_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* take(std::int64_t count) {
    return static_cast<T*>(stack().take(static_cast<std::size_t>(count) * sizeof(T)));
  }
  template <class T>
  T* zeros(std::int64_t count) {
    T* values = take<T>(count);
    std::fill_n(values, count, T(0));
    return values;
  }
  float* floats(std::int64_t count) { return take<float>(count); }
  double* doubles(std::int64_t count) { return take<double>(count); }

 private:
  static constexpr std::size_t kAlign = 64, kSmallest = std::size_t(1) << 20;

  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  struct Block {
    explicit Block(std::size_t bytes)
        : memory(static_cast<std::byte*>(std::aligned_alloc(kAlign, bytes))), size(bytes) {
      if (!memory) throw std::bad_alloc();
    }
    std::unique_ptr<std::byte, Free> memory;
    std::size_t size;
  };

  struct Stack {
    std::vector<Block> blocks;
    std::size_t block = 0, used = 0;  // the block that is being handed out, and how far

    void* take(std::size_t bytes) {
      bytes = (bytes + kAlign - 1) / kAlign * kAlign;
      while (block < blocks.size() && used + bytes > blocks[block].size) ++block, used = 0;
      if (block == blocks.size()) blocks.emplace_back(std::max(bytes, std::max(kSmallest, total())));
      void* taken = blocks[block].memory.get() + used;
      used += bytes;
      return taken;
    }
    /// Once all is back, several blocks become one that would have done.
    void release(std::size_t to_block, std::size_t to_used) {
      block = to_block, used = to_used;
      if (block != 0 || used != 0 || blocks.size() < 2) return;
      const std::size_t bytes = total();
      blocks.clear();
      blocks.emplace_back(bytes);
    }
    std::size_t total() const {
      std::size_t bytes = 0;
      for (const auto& each : blocks) bytes += each.size;
      return bytes;
    }
  };

  static Stack& stack() {
    static thread_local Stack of_this_thread;
    return of_this_thread;
  }

  std::size_t block_, used_;
};

}  // namespace ablate::kernels

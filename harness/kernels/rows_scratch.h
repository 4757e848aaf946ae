#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace ablate::kernels {

/// Working memory of the calling thread, given back at the end of the scope and kept for the next one: once a
/// thread has seen its largest call nothing is allocated. Scopes nest.
class RowsScratch {
 public:
  RowsScratch() : block_(memory().block), used_(memory().used) {
    if (block_ == 0 && used_ == 0) memory().unite();
  }
  ~RowsScratch() { memory().block = block_, memory().used = used_; }
  RowsScratch(const RowsScratch&) = delete;
  RowsScratch& operator=(const RowsScratch&) = delete;

  /// Not cleared, at a multiple of 64 bytes, valid until the end of the scope.
  template <class T>
  T* take(std::size_t count) {
    return reinterpret_cast<T*>(memory().take(count * sizeof(T)));
  }
  template <class T>
  T* zeros(std::size_t count) {
    T* values = take<T>(count);
    std::fill_n(values, count, T(0));
    return values;
  }

 private:
  static constexpr std::size_t kLine = 64, kLeast = 1 << 18;
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t(kLine)); }
  };
  struct Block {
    std::unique_ptr<std::byte[], Free> bytes;
    std::size_t size;
  };
  static Block block_of(std::size_t size) {
    void* bytes = ::operator new[](size, std::align_val_t(kLine));
    return {std::unique_ptr<std::byte[], Free>(static_cast<std::byte*>(bytes)), size};
  }

  struct Memory {
    std::vector<Block> blocks;
    std::size_t block = 0, used = 0;  // all before `block`, and `used` bytes of it, are taken

    std::byte* take(std::size_t bytes) {
      bytes = (bytes + kLine - 1) / kLine * kLine;
      while (block < blocks.size() && used + bytes > blocks[block].size) ++block, used = 0;
      if (block == blocks.size()) blocks.push_back(block_of(std::max(bytes, kLeast)));
      used += bytes;
      return blocks[block].bytes.get() + used - bytes;
    }

    void unite() {
      if (blocks.size() < 2) return;
      std::size_t all = 0;
      for (const auto& one : blocks) all += one.size;
      blocks.clear();
      blocks.push_back(block_of(all));
    }
  };

  static Memory& memory() {
    static thread_local Memory mine;
    return mine;
  }

  std::size_t block_, used_;
};

}  // namespace ablate::kernels

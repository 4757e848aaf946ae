#pragma once

#include <algorithm>
#include <cstdint>

namespace ablate::kernels {

/// Work cut into ranges of nearly equal length, by its size alone: `total` things in at most 16 ranges of
/// `least` things or more. Each range but the first begins at a multiple of `unit`.
struct Ranges {
  std::int64_t total = 0, count = 0, unit = 1;

  Ranges(std::int64_t things, std::int64_t least, std::int64_t multiple = 1)
      : total(things),
        count(std::clamp<std::int64_t>(things / std::max<std::int64_t>(least, 1), 1, 16)),
        unit(multiple) {}

  std::int64_t begin(std::int64_t i) const { return total * i / count / unit * unit; }
  std::int64_t end(std::int64_t i) const { return i + 1 < count ? begin(i + 1) : total; }
};

/// Rows of a map in ranges that begin at whole cache lines if the map does and has no gaps.
constexpr std::int64_t kRowsOfWholeLines = 64;

/// Of a chunk of rows: enough that handing it to a thread is worth the while.
inline std::int64_t rows_of_a_range(int channels) {
  return std::max(1, (1 << 15) / std::max(channels, 1));
}

}  // namespace ablate::kernels

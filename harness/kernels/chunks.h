#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/kernels/maps.h"
#include "harness/kernels/scratch.h"

namespace ablate::kernels {

/// Rows cut into chunks of whole tiles, by their number alone.
struct Chunks {
  std::int64_t rows = 0;
  int tile = 1;   // rows of a tile; the last may have fewer
  int count = 1;  // of chunks

  std::int64_t tiles() const { return (rows + tile - 1) / tile; }
  std::int64_t begin(std::int64_t chunk) const { return std::min(rows, tiles() * chunk / count * tile); }
  std::int64_t end(std::int64_t chunk) const { return begin(chunk + 1); }
};

/// At most eight, none with fewer rows than `least`.
inline Chunks cut(std::int64_t rows, int tile, std::int64_t least) {
  const std::int64_t count = rows / std::max<std::int64_t>(least, tile);
  return {rows, tile, static_cast<int>(std::clamp<std::int64_t>(count, 1, 8))};
}

/// Moments of some rows, per channel.
struct PartialMoments {
  std::int64_t rows = 0;
  int channels = 0;
  double *mean = nullptr, *squares = nullptr;  // [channels]
};

/// Adds the moments of `rows` more rows (Chan, Golub and LeVeque 1983).
inline void merge(PartialMoments& into, std::int64_t rows, const double* mean, const double* squares) {
  if (rows == 0) return;
  const std::int64_t all = into.rows + rows;
  const double step = double(rows) / all, weight = double(into.rows) * step;
  for (int c = 0; c < into.channels; ++c) {
    const double apart = mean[c] - into.mean[c];
    into.mean[c] += apart * step;
    into.squares[c] += squares[c] + apart * apart * weight;
  }
  into.rows = all;
}

/// Per channel, two numbers of every chunk, side by side until all chunks are done.
class ChunkPairs {
 public:
  ChunkPairs(Scratch& scratch, int chunks, int channels)
      : chunks_(chunks), channels_(channels), values_(scratch.doubles(std::int64_t(chunks) * 2 * channels)) {
    std::fill_n(values_, std::int64_t(chunks) * 2 * channels, 0.0);
  }
  double* first(std::int64_t chunk) { return values_ + chunk * 2 * channels_; }
  double* second(std::int64_t chunk) { return first(chunk) + channels_; }

  /// The chunks' means and squared deviations as one.
  void merge_into(const Moments& moments, const Chunks& chunks) {
    std::fill_n(moments.mean, channels_, 0.0);
    std::fill_n(moments.squares, channels_, 0.0);
    PartialMoments all{0, channels_, moments.mean, moments.squares};
    for (int i = 0; i < chunks_; ++i) merge(all, chunks.end(i) - chunks.begin(i), first(i), second(i));
  }
  void add_to(double* firsts, double* seconds) {
    for (int i = 0; i < chunks_; ++i)
      for (int c = 0; c < channels_; ++c) {
        firsts[c] += first(i)[c];
        seconds[c] += second(i)[c];
      }
  }

 private:
  int chunks_, channels_;
  double* values_;
};

}  // namespace ablate::kernels

#include "harness/kernels/statistics.h"

#include <algorithm>

namespace ablate::kernels {

void add_band(RunningMoments& total, const BandMoments& band, double count, int channels) {
  const double both = total.count + count;
  const double share = count / both, weight = total.count * share;
  for (int c = 0; c < channels; ++c) {
    const double offset = band.sum[c] / count;
    const double squares = std::max(0.0, band.square[c] - offset * band.sum[c]);
    const double mean = band.at[c] + offset;
    if (total.count == 0) {
      total.mean[c] = mean;
      total.squares[c] = squares;
      continue;
    }
    const double apart = mean - total.mean[c];
    total.mean[c] += apart * share;
    total.squares[c] += squares + apart * apart * weight;
  }
  total.count = both;
}

void add_moments(RunningMoments& total, const RunningMoments& part, int channels) {
  if (part.count == 0) return;
  const double both = total.count + part.count;
  const double share = part.count / both, weight = total.count * share;
  for (int c = 0; c < channels; ++c) {
    const double apart = part.mean[c] - total.mean[c];
    total.mean[c] += apart * share;
    total.squares[c] += part.squares[c] + apart * apart * weight;
  }
  total.count = both;
}

void add_band(double* total, std::int64_t stride, const BandGradients& band, int channels) {
  for (int c = 0; c < channels; ++c) {
    total[c] += band.sum[c];
    total[stride + c] += band.dot[c];
    band.sum[c] = band.dot[c] = 0;
  }
}

ChunkMoments::ChunkMoments(Scratch& scratch, const Ranges& chunks, int channels, const Moments& wanted)
    : count_(chunks.count), channels_(channels), wanted_(wanted) {
  if (!wanted.mean) return;
  parts_ = scratch.take<RunningMoments>(count_);
  double* values = scratch.zeros<double>(count_ * 2 * channels);
  for (std::int64_t i = 0; i < count_; ++i, values += 2 * channels)
    parts_[i] = {.count = 0, .mean = values, .squares = values + channels};
}

void ChunkMoments::finish() const {
  if (!wanted_.mean) return;
  RunningMoments total{.count = 0, .mean = wanted_.mean, .squares = wanted_.squares};
  std::fill_n(total.mean, channels_, 0.0);
  std::fill_n(total.squares, channels_, 0.0);
  for (std::int64_t i = 0; i < count_; ++i) add_moments(total, parts_[i], channels_);
}

ChunkGradients::ChunkGradients(Scratch& scratch, const Ranges& chunks, int channels,
                               const GradientOut& wanted)
    : count_(chunks.count), channels_(channels), wanted_(wanted) {
  if (wanted.sum) sums_ = scratch.zeros<double>(count_ * 2 * channels);
}

void ChunkGradients::finish() const {
  if (!sums_) return;
  for (std::int64_t i = 0; i < count_; ++i)
    for (int c = 0; c < channels_; ++c) {
      wanted_.sum[c] += of(i)[c];
      wanted_.dot[c] += of(i)[channels_ + c];
    }
}

}  // namespace ablate::kernels

#pragma once

#include <cstdint>

#include "harness/kernels/maps.h"
#include "harness/kernels/ranges.h"
#include "harness/kernels/scratch.h"

namespace ablate::kernels {

/// Pixels that are summed in float before the sums go to double.
constexpr std::int64_t kBandRows = 512;

/// Sums of one band of pixels in float, per channel, relative to a value `at` of the band itself.
struct BandMoments {
  float *at, *sum, *square;  // [C] each; sums of (value - at) and of its square
};

/// Moments of the pixels so far, in double.
struct RunningMoments {
  double count = 0;
  double *mean, *squares;  // [C] each; the first band overwrites them
};

/// Adds a band of `count` pixels (Chan, Golub and LeVeque 1983).
void add_band(RunningMoments& total, const BandMoments& band, double count, int channels);
void add_moments(RunningMoments& total, const RunningMoments& part, int channels);

/// Sums of gradients, per channel.
struct BandGradients {
  float *sum, *dot;  // [C] each
};

/// Adds a band to total[0 .. C) and total[stride .. stride + C), and clears it.
void add_band(double* total, std::int64_t stride, const BandGradients& band, int channels);

/// The moments of every chunk side by side, put together in the order of the chunks.
class ChunkMoments {
 public:
  ChunkMoments(Scratch& scratch, const Ranges& chunks, int channels, const Moments& wanted);
  bool wanted() const { return wanted_.mean != nullptr; }
  RunningMoments& of(std::int64_t chunk) { return parts_[chunk]; }
  void finish() const;

 private:
  std::int64_t count_;
  int channels_;
  Moments wanted_;
  RunningMoments* parts_ = nullptr;
};

/// The gradient's sums of every chunk side by side, put together in the order of the chunks.
class ChunkGradients {
 public:
  ChunkGradients(Scratch& scratch, const Ranges& chunks, int channels, const GradientOut& wanted);
  bool wanted() const { return sums_ != nullptr; }
  double* of(std::int64_t chunk) const { return sums_ ? sums_ + chunk * 2 * channels_ : nullptr; }  // [2, C]
  void finish() const;

 private:
  std::int64_t count_;
  int channels_;
  GradientOut wanted_;
  double* sums_ = nullptr;  // [chunks, 2, C]
};

}  // namespace ablate::kernels

#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ablate {

/// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): 128 random bits that
/// depend only on counter and key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A short sequence of draws for one event (a sample's crop, a step's lambda): a value, cheap to make, never
/// shared.
class Draw {
 public:
  Draw(std::array<std::uint32_t, 2> key, std::uint64_t major, std::uint32_t minor)
      : key_(key), major_(major), minor_(minor) {}

  std::uint32_t bits();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, n), exactly (by rejection).
  std::uint32_t below(std::uint32_t n);
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller; two uniforms each).
  double normal();
  /// Beta(a, b) by Jöhnk's method for a, b <= 1 and by two gamma draws (Marsaglia and Tsang 2000) otherwise.
  double beta(double a, double b);

 private:
  double gamma(double shape);

  std::array<std::uint32_t, 2> key_;
  std::uint64_t major_;
  std::uint32_t minor_;
  std::uint32_t block_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  int used_ = 4;
};

/// The random stream of one seed and one purpose ("init", "order", "augment.crop", ...). Nothing is advanced:
/// the same indices give the same draws, whatever else was drawn, so one ingredient never shifts another's.
class Stream {
 public:
  Stream(std::uint64_t seed, std::string_view purpose);

  /// Draws for event `index` of `epoch`; use a sample id, a step of the epoch, or 0.
  Draw at(std::uint32_t epoch, std::uint64_t index) const { return {key_, index, epoch}; }
  /// A random order of 0..n-1 for an epoch (Fisher-Yates).
  std::vector<std::uint32_t> permutation(std::uint32_t epoch, std::uint32_t n) const;

 private:
  std::array<std::uint32_t, 2> key_;  // from SHA-256 of seed and purpose
};

}  // namespace ablate

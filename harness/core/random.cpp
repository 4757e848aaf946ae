#include "harness/core/random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "harness/core/canonical.h"

namespace ablate {
namespace {

/// High and low half of a product of 32-bit words.
std::pair<std::uint32_t, std::uint32_t> multiply(std::uint32_t a, std::uint32_t b) {
  const auto product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const auto [high0, low0] = multiply(0xD2511F53u, counter[0]);
    const auto [high1, low1] = multiply(0xCD9E8D57u, counter[2]);
    counter = {high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

std::uint32_t Draw::bits() {
  if (used_ == 4) {
    const auto low = static_cast<std::uint32_t>(major_), high = static_cast<std::uint32_t>(major_ >> 32);
    buffer_ = philox({block_++, minor_, low, high}, key_);
    used_ = 0;
  }
  return buffer_[static_cast<std::size_t>(used_++)];
}

double Draw::uniform() {
  const auto high = bits() >> 5, low = bits() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

std::uint32_t Draw::below(std::uint32_t n) {
  const std::uint32_t surplus = (0u - n) % n;  // 2^32 mod n: the lowest values would come up once too often
  for (;;)
    if (const auto value = bits(); value >= surplus) return value % n;
}

double Draw::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Draw::gamma(double shape) {
  if (shape < 1.0) {
    const double above_one = gamma(shape + 1.0);
    return above_one * std::pow(1.0 - uniform(), 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal(), root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(1.0 - uniform()) < 0.5 * x * x + d * (1.0 - v + std::log(v))) return d * v;
  }
}

double Draw::beta(double a, double b) {
  if (a > 1.0 || b > 1.0) {
    const double x = gamma(a), y = gamma(b);
    return x / (x + y);
  }
  for (;;) {  // in logarithms, since u^(1/a) underflows for small a
    const double x = std::log(1.0 - uniform()) / a, y = std::log(1.0 - uniform()) / b;
    const double top = std::max(x, y);
    const double log_sum = top + std::log(std::exp(x - top) + std::exp(y - top));
    if (log_sum <= 0.0) return std::exp(x - log_sum);
  }
}

Stream::Stream(std::uint64_t seed, std::string_view purpose) {
  const auto digest = sha256(fmt::format("{}/{}", seed, purpose));
  for (std::size_t i = 0; i < key_.size(); ++i)
    key_[i] = static_cast<std::uint32_t>(std::stoul(digest.substr(8 * i, 8), nullptr, 16));
}

std::vector<std::uint32_t> Stream::permutation(std::uint32_t epoch, std::uint32_t n) const {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  auto draw = at(epoch, std::numeric_limits<std::uint64_t>::max());  // an index that no sample or step has
  for (std::uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
  return order;
}

}  // namespace ablate

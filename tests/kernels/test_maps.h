#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "harness/kernels/isa.h"
#include "harness/kernels/maps.h"
#include "tests/kernels/orders.h"

/// Maps for the tests of the kernels: columns of a wider one, misaligned, so that a kernel that writes beside
/// its channels is seen, and ending at a page that cannot be read.
namespace ablate::kernels {

class TestMap {
 public:
  static constexpr std::uint16_t kCanary = 0x7fad;  // a NaN, twice one of float32

  TestMap(std::int64_t rows, int channels, int beside = 3, Type type = Type::Float32)
      : rows_(rows), channels_(channels), stride_(channels + beside), type_(type) {
    const std::size_t page = sysconf(_SC_PAGESIZE), size = bytes_of(type);
    const std::size_t values = kBefore + std::max<std::int64_t>(0, (rows - 1) * stride_ + channels);
    bytes_ = (values * size + page - 1) / page * page + page;
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory_ = static_cast<std::byte*>(memory);
    mprotect(memory_ + bytes_ - page, page, PROT_NONE);
    data_ = memory_ + bytes_ - page - (values - kBefore) * size;
    halves_ = {reinterpret_cast<std::uint16_t*>(memory_), (bytes_ - page) / 2};
    std::fill(halves_.begin(), halves_.end(), kCanary);
  }
  ~TestMap() { munmap(memory_, bytes_); }
  TestMap(const TestMap&) = delete;
  TestMap& operator=(const TestMap&) = delete;

  /// Fills the channels with value().
  TestMap& fill(const std::function<float()>& value) {
    for (std::int64_t r = 0; r < rows_; ++r)
      for (int c = 0; c < channels_; ++c) put(r, c, value());
    return *this;
  }
  TestMap& copy(const TestMap& other) {
    for (std::int64_t r = 0; r < rows_; ++r)
      for (int c = 0; c < channels_; ++c) put(r, c, other.at(r, c));
    return *this;
  }

  Values data() const { return {data_, type_}; }
  float* floats() const { return data().as<float>(); }
  std::int64_t stride() const { return stride_; }
  std::int64_t rows() const { return rows_; }
  int channels() const { return channels_; }
  float at(std::int64_t r, int c) const {
    const Values value = data() + (r * stride_ + c);
    return type_ == Type::Float32 ? *value.as<float>() : as_float(*value.as<BFloat16>());
  }
  /// What rounding a stored value can change, relative to it: half a step of its last digit.
  double rounding() const { return type_ == Type::BFloat16 ? 1.0 / 256 : 0; }

  bool untouched_beside() const {
    const std::size_t size = bytes_of(type_) / 2, first = (data_ - memory_) / 2;
    for (std::size_t i = 0; i < halves_.size(); ++i) {
      const bool inside = i >= first && (i - first) / size % stride_ < std::size_t(channels_);
      if (!inside && halves_[i] != kCanary) return false;
    }
    return true;
  }

 private:
  void put(std::int64_t r, int c, float value) {
    const Values at = data() + (r * stride_ + c);
    if (type_ == Type::Float32)
      *at.as<float>() = value;
    else
      *at.as<BFloat16>() = as_bfloat16(value);
  }

  static constexpr int kBefore = 5;
  std::int64_t rows_;
  int channels_;
  std::int64_t stride_;
  Type type_;
  std::size_t bytes_ = 0;
  std::byte *memory_ = nullptr, *data_ = nullptr;
  std::span<std::uint16_t> halves_;
};

/// Numbers for tests. On the grid, with factors() and offsets(), z is exact in float and never at a
/// threshold.
class Numbers {
 public:
  explicit Numbers(unsigned seed) : engine_(seed) {}
  float normal() { return std::normal_distribution<float>()(engine_); }
  float grid() { return std::round(normal() * 32) / 16; }
  std::vector<float> normals(int count) {
    return make(count, [&] { return normal(); });
  }
  std::vector<float> factors(int count) {
    return make(count, [&] { return 1 + std::round(normal()) / 4; });
  }
  std::vector<float> offsets(int count) {
    return make(count, [&] { return grid() + 1.0f / 128; });
  }
  std::function<float()> normal_values() {
    return [this] { return normal(); };
  }
  std::function<float()> grid_values() {
    return [this] { return grid(); };
  }

 private:
  std::vector<float> make(int count, const std::function<float()>& value) {
    std::vector<float> values(count);
    for (auto& one : values) one = value();
    return values;
  }
  std::mt19937 engine_;
};

/// A Source with what it points at.
struct TestSource {
  TestSource(std::int64_t rows, int channels, bool normalised, Act act, unsigned seed,
             Type type = Type::Float32)
      : map(rows, channels, 3, type) {
    Numbers numbers(seed);
    map.fill(numbers.grid_values());
    source = {.data = map.data(), .stride = map.stride()};
    if (!normalised) return;
    scale = numbers.factors(channels), shift = numbers.offsets(channels);
    source.scale = scale.data(), source.shift = shift.data(), source.act = act;
  }
  TestMap map;
  std::vector<float> scale, shift;
  Source source;
};

/// What a GradientOut asks for.
enum class Base { None, Itself, Other };
struct Wanted {
  bool data = true, sums = true;
  Base base = Base::None;
};

/// A GradientOut with what it points at.
struct TestGradientOut {
  TestGradientOut(std::int64_t rows, int channels, const Wanted& wanted, unsigned seed,
                  Type type = Type::Float32)
      : map(rows, channels, 3, type), base(rows, channels, 1, type) {
    Numbers numbers(seed);
    base.fill(numbers.grid_values());
    map.copy(base);
    centre = numbers.normals(channels);
    sum.assign(channels, 0.5), dot.assign(channels, -0.5);
    if (wanted.data) out.data = map.data(), out.stride = map.stride();
    if (wanted.base == Base::Itself) out.base = map.data(), out.base_stride = map.stride();
    if (wanted.base == Base::Other) out.base = base.data(), out.base_stride = base.stride();
    if (wanted.sums) out.sum = sum.data(), out.dot = dot.data(), out.centre = centre.data();
  }
  TestMap map, base;
  std::vector<float> centre;
  std::vector<double> sum, dot;
  GradientOut out;
};

/// Fails where two maps differ by more than the tolerance, or the first wrote beside its channels.
inline void expect_near(const TestMap& actual, const TestMap& expected, double tolerance) {
  ASSERT_TRUE(actual.untouched_beside());
  for (std::int64_t r = 0; r < actual.rows(); ++r)
    for (int c = 0; c < actual.channels(); ++c)
      ASSERT_NEAR(actual.at(r, c), expected.at(r, c),
                  tolerance + actual.rounding() * std::abs(expected.at(r, c)))
          << "row " << r << ", channel " << c;
}

template <class T>
void expect_near(const std::vector<T>& actual, const std::vector<T>& expected, double tolerance) {
  for (std::size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], tolerance) << "at " << i;
}

inline void expect_near(const TestGradientOut& actual, const TestGradientOut& expected, double tolerance,
                        double sum_tolerance) {
  expect_near(actual.map, expected.map, tolerance);
  expect_near(actual.sum, expected.sum, sum_tolerance);
  expect_near(actual.dot, expected.dot, sum_tolerance);
}

/// Bits of a map, to compare runs.
inline void append_bits(std::vector<float>& bits, const TestMap& map) {
  for (std::int64_t r = 0; r < map.rows(); ++r)
    for (int c = 0; c < map.channels(); ++c) bits.push_back(map.at(r, c));
}

/// Runs body with every instruction set of this CPU, and names it in failures.
inline void for_instruction_sets(const std::function<void()>& body) {
  for (const auto& name : instruction_sets()) {
    use_instruction_set(name);
    SCOPED_TRACE(name);
    body();
  }
  use_instruction_set(instruction_sets().front());
}

/// The same, for maps of each type.
inline void for_types(const std::function<void(Type)>& body) {
  for_instruction_sets([&] {
    for (const Type type : {Type::Float32, Type::BFloat16}) {
      SCOPED_TRACE(type == Type::Float32 ? "float32" : "bfloat16");
      body(type);
    }
  });
}

}  // namespace ablate::kernels

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"
#include "tests/kernels/oracle.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/orders.h"

namespace ablate::kernels {

constexpr float kCanary = 12352;  // eight binary digits, so that bfloat16 holds it

/// Pixels whose rows are wider than their channels, and begin anywhere: what lies between must stay as it
/// was.
class Matrix {
 public:
  Matrix(std::int64_t rows_, int channels_, int gap, int offset, Type type)
      : rows(rows_),
        channels(channels_),
        stride(channels_ + gap),
        offset_(offset),
        type_(type),
        memory_((offset + rows * stride + 1) * bytes_of(type)) {
    for (std::int64_t i = 0; i < size(); ++i) put(i, kCanary);
  }
  Values data() { return Values(memory_.data(), type_) + offset_; }
  ConstValues data() const { return ConstValues(memory_.data(), type_) + offset_; }
  double at(std::int64_t r, int c) const { return oracle::number(data(), r * stride + c); }

  void copy(std::int64_t r, int from, int to) {
    put(offset_ + r * stride + to, static_cast<float>(at(r, from)));
  }

  void fill(const std::function<float()>& value) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (int c = 0; c < channels; ++c) put(offset_ + r * stride + c, value());
  }
  /// Multiples of 1/64 in -4 .. 4, exact in every step up to the activation.
  void fill(std::mt19937& random) {
    std::uniform_int_distribution<int> steps(-256, 256);
    fill([&] { return static_cast<float>(steps(random)) / 64; });
  }
  bool intact() const {
    const auto everything = values();
    for (int i = 0; i < offset_; ++i)
      if (everything[i] != kCanary) return false;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = channels; c < stride; ++c)
        if (everything[offset_ + r * stride + c] != kCanary) return false;
    return everything.back() == kCanary;
  }
  /// All of its memory.
  std::vector<double> values() const {
    std::vector<double> all(size());
    for (std::int64_t i = 0; i < size(); ++i) all[i] = oracle::number({memory_.data(), type_}, i);
    return all;
  }
  /// The same numbers in float32.
  Matrix in_float() const {
    Matrix copy(rows, channels, static_cast<int>(stride - channels), offset_, Type::Float32);
    const auto all = values();
    for (std::int64_t i = 0; i < size(); ++i) copy.put(i, static_cast<float>(all[i]));
    return copy;
  }
  /// What rounding a stored value can change, relative to it: half a step of its last digit.
  double rounding() const { return type_ == Type::BFloat16 ? 1.0 / 256 : 0; }

  std::int64_t rows;
  int channels;
  std::int64_t stride;

 private:
  std::int64_t size() const { return static_cast<std::int64_t>(memory_.size()) / bytes_of(type_); }
  void put(std::int64_t i, float value) {
    const Values all(memory_.data(), type_);
    if (type_ == Type::Float32)
      all.as<float>()[i] = value;
    else
      all.as<BFloat16>()[i] = as_bfloat16(value);
  }

  int offset_;
  Type type_;
  std::vector<std::byte> memory_;
};

/// Numbers per channel, in a vector that ends with the last of them.
inline std::vector<float> factors(std::mt19937& random, int channels, float low, float high) {
  std::uniform_int_distribution<int> steps(static_cast<int>(low * 16), static_cast<int>(high * 16));
  std::vector<float> all(channels);
  for (auto& value : all) value = static_cast<float>(steps(random)) / 16;
  return all;
}

/// What is asked of an operation.
struct Options {
  Act act = Act::Relu6;
  bool affine = true, normalized = true, moments = true, sums = true, want_dx = true, want_dw = true;
  enum class Base { None, Same, Other } base = Base::None;
  int gap = 5, offset = 1;                       // values between rows, and before the first
  Type in = Type::Float32, out = Type::Float32;  // of x and dx; of y and dz
};

/// One convolution's inputs, and where its results go.
struct Case {
  Case(std::int64_t rows_in, int in, std::int64_t rows_out, int out, std::int64_t weights, const Options& o)
      : options(o),
        x(rows_in, in, o.gap, o.offset, o.in),
        y(rows_out, out, o.gap, o.offset, o.out),
        dz(rows_out, out, 2 * o.gap, o.offset, o.out),
        dx(rows_in, in, o.gap, o.offset, o.in),
        base(rows_in, in, 3 * o.gap, 0, o.in),
        w(weights),
        dw(weights + 1, kCanary),
        mean(out, 77),
        squares(out, 77),
        sum(in, 3),
        dot(in, -3) {
    std::mt19937 random(static_cast<unsigned>(rows_in * 131 + in * 17 + out));
    for (auto* matrix : {&x, &y, &dz, &base}) matrix->fill(random);
    if (o.base == Options::Base::Same) dx.fill(random);
    scale = factors(random, in, -1, 1), shift = factors(random, in, -1, 3);
    for (auto& value : shift) value += 1.0f / 2048;  // so that no z is just 0 or 6
    c1 = factors(random, out, 0, 2), c2 = factors(random, out, -1, 1), c3 = factors(random, out, -1, 1);
    centre = factors(random, in, -1, 1);
    std::normal_distribution<float> normal;
    for (auto& value : w) value = normal(random);
  }

  Source source() const {
    Source s{x.data(), x.stride};
    if (options.affine) s.scale = scale.data(), s.shift = shift.data(), s.act = options.act;
    return s;
  }
  GradientIn gradient() const {
    GradientIn d{dz.data(), dz.stride};
    if (options.normalized)
      d.y = y.data(), d.y_stride = y.stride, d.c1 = c1.data(), d.c2 = c2.data(), d.c3 = c3.data();
    return d;
  }
  GradientOut gradient_out() {
    GradientOut g;
    if (options.want_dx) {
      g.data = dx.data(), g.stride = dx.stride;
      if (options.base == Options::Base::Same) g.base = dx.data(), g.base_stride = dx.stride;
      if (options.base == Options::Base::Other) g.base = base.data(), g.base_stride = base.stride;
    }
    if (options.sums) g.sum = sum.data(), g.dot = dot.data(), g.centre = centre.data();
    return g;
  }
  float* weight_gradient() { return options.want_dw ? dw.data() : nullptr; }
  Moments moments() { return options.moments ? Moments{mean.data(), squares.data()} : Moments{}; }

  /// For the oracle: the same, but what is written is float32.
  Case for_oracle() const {
    Case copy = *this;
    copy.y = y.in_float();
    copy.dx = dx.in_float();
    return copy;
  }

  Options options;
  Matrix x, y, dz, dx, base;
  std::vector<float> w, dw, scale, shift, c1, c2, c3, centre;
  std::vector<double> mean, squares, sum, dot;
};

template <class Values>
void expect_near(const Values& got, const Values& wanted, double magnitude, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size());
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double off = std::abs(double(got[i]) - wanted[i]);
    worst = std::max(worst, std::isfinite(off) ? off : 1e30);
  }
  EXPECT_LE(worst, tolerance * magnitude) << what;
}

/// Maps, whose values are rounded as they are stored.
inline void expect_near(const Matrix& got, const Matrix& wanted, double magnitude, double tolerance,
                        const std::string& what) {
  const auto values = got.values(), exact = wanted.values();
  ASSERT_EQ(values.size(), exact.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double off = std::abs(values[i] - exact[i]) - got.rounding() * std::abs(exact[i]);
    worst = std::max(worst, std::isfinite(off) ? off : 1e30);
  }
  EXPECT_LE(worst, tolerance * magnitude) << what;
}

/// Everything an operation has written, `got`, against the oracle's. The depths are the terms of a sum.
inline void expect_like_oracle(const Case& got, const Case& wanted, double depth_forward,
                               double depth_backward) {
  const double rows = static_cast<double>(got.x.rows), rows_out = static_cast<double>(got.y.rows);
  constexpr double kEach = 4;  // a typical size of one product
  constexpr double kTolerance = 3e-6;
  expect_near(got.y, wanted.y, kEach * depth_forward, kTolerance, "y");
  expect_near(got.dx, wanted.dx, kEach * depth_backward, kTolerance, "dx");
  expect_near(got.dw, wanted.dw, kEach * rows_out, kTolerance, "dw");
  expect_near(got.mean, wanted.mean, kEach * std::sqrt(depth_forward), kTolerance, "mean");
  expect_near(got.squares, wanted.squares, kEach * kEach * depth_forward * rows_out, kTolerance, "squares");
  expect_near(got.sum, wanted.sum, kEach * depth_backward * rows, kTolerance, "sum");
  expect_near(got.dot, wanted.dot, kEach * kEach * depth_backward * rows, kTolerance, "dot");
  EXPECT_TRUE(got.y.intact() && got.dx.intact() && got.dw.back() == kCanary) << "written beyond the channels";
}

inline void expect_same_bits(const Case& a, const Case& b) {
  EXPECT_EQ(a.y.values(), b.y.values());
  EXPECT_EQ(a.dx.values(), b.dx.values());
  EXPECT_EQ(a.dw, b.dw);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.squares, b.squares);
  EXPECT_EQ(a.sum, b.sum);
  EXPECT_EQ(a.dot, b.dot);
}

/// An instruction set, and how x and dx are stored, and y and dz.
struct Setting {
  std::string instructions;
  Type in = Type::Float32, out = Type::Float32;

  Options options() const {
    Options options;
    options.in = in, options.out = out;
    return options;
  }
};

/// With each instruction set of this CPU, all pairs of types.
inline std::vector<Setting> all_settings() {
  std::vector<Setting> all;
  for (const auto& instructions : instruction_sets())
    for (const Type in : {Type::Float32, Type::BFloat16})
      for (const Type out : {Type::Float32, Type::BFloat16}) all.push_back({instructions, in, out});
  return all;
}

inline std::string name_of(const testing::TestParamInfo<Setting>& setting) {
  const auto type = [](Type t) { return t == Type::Float32 ? "Float32" : "BFloat16"; };
  return setting.param.instructions + "_" + type(setting.param.in) + "_" + type(setting.param.out);
}

/// Every test runs in each setting.
class EachSetting : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override { use_instruction_set(GetParam().instructions); }
  void TearDown() override { use_instruction_set(instruction_sets().front()); }
};

/// Options in which each differs from the others in one thing.
inline std::vector<Options> all_options(const Options& usual) {
  std::vector<Options> all(10, usual);
  all[1].act = Act::Relu;
  all[2].act = Act::None;
  all[3].affine = false;
  all[4].normalized = false;
  all[5].moments = all[5].sums = false;
  all[6].want_dx = false;
  all[7].want_dw = false;
  all[8].base = Options::Base::Same;
  all[9].base = Options::Base::Other;
  return all;
}

}  // namespace ablate::kernels

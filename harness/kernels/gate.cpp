#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/gate.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/over_images.h"
#include "harness/kernels/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The least h with floor(h * gate / size) = q, or that of a later q if there is none.
int first_of(int q, int gate, int size) {
  return static_cast<int>((std::int64_t(q) * size + gate - 1) / gate);
}

/// A row of the gate, and a row of the map that it spreads to; without gaps, and zero after their last value.
class GateRow {
 public:
  GateRow(const Gate& s, Scratch& scratch) : s_(s), values_(room(s.gate_width, scratch)) {}

  /// Reads the row that begins at that pixel; slopes: those of the sigmoid, or null.
  HWY_FLATTEN HWY_NOINLINE void read(const WideSource& source, Act act, const Wide& wide, std::int64_t pixel,
                                     float* slopes) {
    const WideSource gate = source;
    const int channels = s_.channels;
    float* const values = values_;
    for_spots(wide, pixel, pixel + s_.gate_width, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
      Vector raw[R], value[R], slope[R];
      gate.load(at, lanes, raw);
      gate.normalise(at, raw, value);
      if (act == Act::Sigmoid && slopes) {
        for (int r = 0; r < R; ++r) sigmoid_both(value[r], value[r], slope[r]);
        for (int r = 0; r < R; ++r) lanes.store(slope[r], slopes + place_of(at, r, pixel, channels));
      } else {
        activate(act, value);
      }
      for (int r = 0; r < R; ++r) lanes.store(value[r], values + place_of(at, r, pixel, channels));
    });
  }

  /// row: as the map has it.
  HWY_FLATTEN void spread(float* row) const {
    for (int q = 0; q < s_.gate_width; ++q)
      for (int w = left(q); w < left(q + 1); ++w)
        for (int c = 0; c < s_.channels; c += kLanes)
          hn::StoreU(hn::LoadU(kFloats, values_ + q * s_.channels + c), kFloats, row + w * s_.channels + c);
  }

  /// The sums of the pixels of a row of the map that a pixel of the gate spreads to, in place of its values.
  HWY_FLATTEN void gather(const float* row) {
    for (int q = 0; q < s_.gate_width; ++q)
      for_vectors(s_.channels, [&](int c, auto lanes) HWY_ATTR {
        Vector sum = all(0);
        for (int w = left(q); w < left(q + 1); ++w) sum = hn::Add(sum, lanes.load(row + w * s_.channels + c));
        lanes.store(sum, values_ + q * s_.channels + c);
      });
  }

  float* room(int pixels, Scratch& scratch) const {
    return scratch.zeros<float>(pixels * s_.channels + kLanes);
  }

  const float* values() const { return values_; }

 private:
  int left(int q) const { return first_of(q, s_.gate_width, s_.width); }

  const Gate& s_;
  float* values_;
};

/// The rows of an image that a row q of the gate spreads to.
struct Rows {
  Rows(const Gate& s, int q)
      : top(first_of(q, s.gate_height, s.height)), count(first_of(q + 1, s.gate_height, s.height) - top) {}
  int top, count;
};

/// What the forward pass of one chunk goes through. A: the map's Act, or a FixedAct.
template <class A>
struct GateMaps {
  const Gate& s;
  const Wide &wide, &gate_wide;
  const WideSource& x;
  A act;
  const WideSource& gate;
  Act gate_act;
  GateRow& gates;
  float* factors;  // a row of the gate as the map has it
};

template <class A>
HWY_FLATTEN HWY_NOINLINE void gate_rows(const GateMaps<A>& p, const WideOutput& output, std::int64_t pixel,
                                        int count) {
  const WideSource x = p.x;
  const WideOutput out = output;
  const Wide wide = p.wide;
  const A act = p.act;
  const float* factors = p.factors;
  for_image_rows(wide, pixel, count, p.s.width,
                 [=]<int R>(Pixels<R>, const Spot& at, int place, auto lanes) HWY_ATTR {
                   const Vector factor = hn::LoadU(kFloats, factors + place);
                   Vector value[R];
                   x.read(act, at, lanes, value);
                   for (int r = 0; r < R; ++r) value[r] = hn::Mul(value[r], factor);
                   out.store(at, lanes, value);
                 });
}

template <class A>
void gate_image(const GateMaps<A>& p, std::int64_t image, const WideOutput& out) {
  const auto& s = p.s;
  for (int q = 0; q < s.gate_height; ++q) {
    const Rows rows(s, q);
    if (rows.count == 0) continue;
    p.gates.read(p.gate, p.gate_act, p.gate_wide, (image * s.gate_height + q) * s.gate_width, nullptr);
    p.gates.spread(p.factors);
    gate_rows(p, out, (image * s.height + rows.top) * s.width, rows.count);
  }
}

/// The same for the backward pass.
template <class A>
struct GateParts : GateMaps<A> {
  ConstValues g;
  std::int64_t g_stride;
  const WideGradient &dx, &dgate;
  float *slopes, *sums;  // of a row of the gate; of a row of the map: the products that its gradient sums up
};

/// dx of the rows that a row of the gate spreads to, and the products that its gradient is the sum of.
template <class A>
HWY_FLATTEN HWY_NOINLINE void part_rows(const GateParts<A>& p, std::int64_t pixel, int count) {
  const WideSource x = p.x;
  const WideGradient dx = p.dx;
  const ConstValues from = p.g;
  const std::int64_t stride = p.g_stride;
  const A act = p.act;
  const float* factors = p.factors;
  float* sums = p.sums;
  for_image_rows(Wide(p.wide), pixel, count, p.s.width,
                 [=]<int R>(Pixels<R>, const Spot& at, int place, auto lanes) HWY_ATTR {
                   const Vector factor = hn::LoadU(kFloats, factors + place);
                   Vector g[R], raw[R], z[R], value[R];
                   load_spot(from, stride, at, lanes, g);
                   x.load(at, lanes, raw);
                   x.normalise(at, raw, z);
                   for (int r = 0; r < R; ++r) value[r] = z[r];
                   activate(act, value);
                   Vector sum = lanes.load(sums + place);
                   for (int r = 0; r < R; ++r) sum = hn::MulAdd(g[r], value[r], sum);
                   lanes.store(sum, sums + place);
                   for (int r = 0; r < R; ++r) g[r] = hn::Mul(g[r], factor);
                   pass_back(act, z, g);
                   dx.put(at, lanes, raw, g);
                 });
}

/// Passes the gradient of a row of the gate on, which `gates` holds.
HWY_FLATTEN HWY_NOINLINE void pass_gate(const Wide& wide, const WideSource& source, Act act,
                                        const WideGradient& gradient, const GateRow& gates,
                                        const float* slopes, std::int64_t pixel, int count) {
  const WideSource gate = source;
  const WideGradient dgate = gradient;
  const float* values = gates.values();
  for_spots(wide, pixel, pixel + count, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    const int channels = wide.channels;
    Vector g[R], raw[R];
    for (int r = 0; r < R; ++r) g[r] = lanes.load(values + place_of(at, r, pixel, channels));
    if (act != Act::Sigmoid) return dgate.pass(gate, act, at, lanes, g);
    for (int r = 0; r < R; ++r) g[r] = hn::Mul(g[r], lanes.load(slopes + place_of(at, r, pixel, channels)));
    if (dgate.sums()) gate.load(at, lanes, raw);
    dgate.put(at, lanes, raw, g);
  });
}

template <class A>
void part_image(const GateParts<A>& p, std::int64_t image) {
  const auto& s = p.s;
  for (int q = 0; q < s.gate_height; ++q) {
    const Rows rows(s, q);
    const std::int64_t pixel = (image * s.gate_height + q) * s.gate_width;
    p.gates.read(p.gate, p.gate_act, p.gate_wide, pixel, p.slopes);
    p.gates.spread(p.factors);
    std::fill_n(p.sums, s.width * s.channels, 0.0f);
    part_rows(p, (image * s.height + rows.top) * s.width, rows.count);
    p.gates.gather(p.sums);
    pass_gate(p.gate_wide, p.gate, p.gate_act, p.dgate, p.gates, p.slopes, pixel, s.gate_width);
  }
}

/// The pixels of the maps, and of the gates.
std::int64_t pixels_of(const Gate& s) {
  return std::int64_t(s.images) * s.height * s.width;
}
std::int64_t gates_of(const Gate& s) {
  return std::int64_t(s.images) * s.gate_height * s.gate_width;
}

}  // namespace

void gate_images(std::int64_t begin, std::int64_t end, const Gate& s, const Source& x, const Source& gate,
                 Values out, std::int64_t out_stride) {
  Scratch scratch;
  const Wide wide(s.channels, is_dense(x, s.channels) && out_stride == s.channels);
  const Wide gate_wide(s.channels, is_dense(gate, s.channels));
  const WideOutput output(out, out_stride, wide, pixels_of(s), s.width);
  GateRow gates(s, scratch);
  float* factors = gates.room(s.width, scratch);
  const WideSource from(x, wide, scratch), from_gate(gate, gate_wide, scratch);
  with_act(x.act, [&]<class A>(A act) {
    const GateMaps<A> maps{s, wide, gate_wide, from, act, from_gate, gate.act, gates, factors};
    for (std::int64_t image = begin; image < end; ++image) gate_image(maps, image, output);
  });
  output.flush();
}

void part_images(std::int64_t begin, std::int64_t end, const Gate& s, ConstValues g, std::int64_t g_stride,
                 const Source& x, const Source& gate, const GradientOut& dx, const GradientOut& dgate,
                 double* sums, double* gate_sums) {
  Scratch scratch;
  const Wide wide(s.channels, g_stride == s.channels && is_dense(x, s.channels) && is_dense(dx, s.channels));
  const Wide gate_wide(s.channels, is_dense(gate, s.channels) && is_dense(dgate, s.channels));
  const WideGradient to(dx, wide, pixels_of(s), s.width, scratch);
  const WideGradient to_gate(dgate, gate_wide, gates_of(s), s.gate_width, scratch);
  GateRow gates(s, scratch);
  float* slopes = gates.room(s.gate_width, scratch);
  float *factors = gates.room(s.width, scratch), *products = gates.room(s.width, scratch);
  const WideSource from(x, wide, scratch), from_gate(gate, gate_wide, scratch);
  with_act(x.act, [&]<class A>(A act) {
    const GateParts<A> parts{{s, wide, gate_wide, from, act, from_gate, gate.act, gates, factors},
                             g,
                             g_stride,
                             to,
                             to_gate,
                             slopes,
                             products};
    for (std::int64_t image = begin; image < end; ++image) {
      part_image(parts, image);
      to.flush(sums);
      to_gate.flush(gate_sums);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(gate_images);
HWY_EXPORT(part_images);

void gate_forward(const Gate& shape, const Source& x, const Source& gate, Values out, std::int64_t out_stride,
                  const ForEach& each) {
  over_images(shape, each, [&](std::int64_t begin, std::int64_t end, const auto& /*sums*/) {
    HWY_DYNAMIC_DISPATCH(gate_images)(begin, end, shape, x, gate, out, out_stride);
  });
}

void gate_backward(const Gate& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const Source& gate, const GradientOut& dx, const GradientOut& dgate, const ForEach& each) {
  over_images(
      shape, each,
      [&](std::int64_t begin, std::int64_t end, const auto& sums) {
        HWY_DYNAMIC_DISPATCH(part_images)
        (begin, end, shape, g, g_stride, x, gate, dx, dgate, sums[0], sums[1]);
      },
      dx, dgate);
}

}  // namespace ablate::kernels
#endif

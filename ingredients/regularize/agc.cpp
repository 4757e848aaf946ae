#include <ATen/Dispatch.h>

#include <algorithm>
#include <cmath>

#include "ingredients/norms.h"
#include "ingredients/regularize/clipping.h"
#include "ingredients/segments.h"

namespace ablate::ingredients {
namespace {

/// Scales the gradient of one unit down to `factor` max(||w||, smallest) (Brock et al. 2021, equation 3, in
/// timm's form). True when it was longer.
template <class T>
bool clip_unit(const T* w, T* g, std::int64_t n, double factor, double smallest) {
  const double longest = factor * std::max(std::sqrt(squares_of(w, n)), smallest);
  const double length = std::sqrt(squares_of(g, n));
  if (length < longest) return false;
  const T scale(longest / std::max(length, 1e-6));
  for (std::int64_t i = 0; i < n; ++i) g[i] *= scale;
  return true;
}

class AdaptiveClip final : public Clipping {
 public:
  struct Params {
    double factor = 0.01;
    double eps = 1e-3;
    bool head = false;
  };
  explicit AdaptiveClip(const Params& p) : p_(p) {}

 private:
  bool clip(std::vector<ParameterSet>& sets) override {
    bool clipped = false;
    for (auto& set : sets)
      for (const auto& segment : *set.segments)
        if (p_.head || !is_head(set, segment)) clipped |= clip_segment(set, segment);
    return clipped;
  }

  /// Units are what dimension 0 counts; a vector is one unit.
  bool clip_segment(ParameterSet& set, const Segment& segment) const {
    const auto units = is_vector(segment) ? 1 : segment.shape.front(), n = segment.length / units;
    bool clipped = false;
    AT_DISPATCH_FLOATING_TYPES(set.values.scalar_type(), "agc", [&] {
      const auto* w = set.values.const_data_ptr<scalar_t>() + segment.offset;
      auto* g = set.gradients.data_ptr<scalar_t>() + segment.offset;
      for (std::int64_t unit = 0; unit < units; ++unit)
        clipped |= clip_unit(w + unit * n, g + unit * n, n, p_.factor, p_.eps);
    });
    return clipped;
  }

  Params p_;
};

}  // namespace

IngredientEntry regularize_agc() {
  using P = AdaptiveClip::Params;
  return describe<AdaptiveClip>(
      {.name = "regularize.agc",
       .stage = Stage::Gradient,
       .doc = "Adaptive gradient clipping: a unit's gradient is at most a share of its weights' norm.",
       .source = "Brock et al. 2021, arXiv:2102.06171; timm adaptive_clip_grad",
       .formula = "where ||g|| >= L = factor * max(||w||, eps): g <- g L / max(||g||, 1e-6), unit by unit, a "
                  "vector as one unit",
       .interactions =
           "Once an update, on the mean gradient of `optimizer.accumulate` and the second one of "
           "`optimizer.sam`; before `regularize.clip`. Weight decay is added later and not clipped. Where "
           "`regularize.zero_gamma` starts scales at 0, `eps` is all that lets them grow.",
       .no_neutral = "there is no share that no gradient exceeds",
       .counters = {"updates", "clipped"}},
      Fields<P>{}
          .add("factor", &P::factor, above(0), "share of the weights' norm that a gradient may have")
          .add("eps", &P::eps, above(0), "norm that weights are taken to have at least")
          .add("head", &P::head, any(), "whether the classifier is clipped too", "no: the paper and timm"));
}

}  // namespace ablate::ingredients

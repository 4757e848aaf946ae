#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

at::Tensor resized_to(const at::Tensor& map, std::int64_t height, std::int64_t width) {
  if (map.size(2) == height && map.size(3) == width) return map;
  return at::upsample_nearest2d(map, {height, width});
}

/// From the deepest map to the first, each is fused with what the deeper ones came to, and made comparable
/// with the teacher's (Chen et al. 2021, section 3.3: attention based fusion).
class ReviewDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() { warmup_epochs = 20; }
    int most_channels = 512;
  };
  explicit ReviewDistillation(const Params& p) : FeatureDistillation(p), p_(p) {}

  /// Mean squared difference of the maps and of their averages over 4x4, 2x2 and 1x1 cells, each of half the
  /// weight of the one before (section 3.4: hierarchical context loss).
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    auto sum = (student - teacher).square().mean();
    double weight = 1, weights = 1;
    for (const std::int64_t cells : {4, 2, 1}) {
      if (cells >= student.size(2)) continue;
      weight /= 2;
      weights += weight;
      const auto difference =
          at::adaptive_avg_pool2d(student, {cells, cells}) - at::adaptive_avg_pool2d(teacher, {cells, cells});
      sum = sum + difference.square().mean() * weight;
    }
    return sum / weights;
  }

 private:
  static std::string part(const char* what, std::size_t i) { return what + std::to_string(i); }

  void declare(const std::vector<MapPair>& pairs, Modules& modules) override {
    const int channels = std::min(p_.most_channels, pairs.back().student_shape.channels);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const int out = pairs[i].teacher_shape.channels;
      modules.convolution(part("reduce.", i), pairs[i].student_shape.channels, channels, 1, false);
      modules.norm(part("reduce_bn.", i), channels);
      if (i + 1 < pairs.size()) modules.convolution(part("gate.", i), 2 * channels, 2, 1, true);
      modules.convolution(part("expand.", i), channels, out, 3, false);
      modules.norm(part("expand_bn.", i), out);
    }
  }

  /// What the deeper maps came to, let through by two gates a pixel.
  at::Tensor fused_with(const at::Tensor& map, const at::Tensor& deeper, std::size_t i) const {
    const auto above = resized_to(deeper, map.size(2), map.size(3));
    const auto gates = at::sigmoid(modules().convolve(part("gate.", i), at::cat({map, above}, 1)));
    return map * gates.narrow(1, 0, 1) + above * gates.narrow(1, 1, 1);
  }

  Maps adapted(const Maps& student, const Maps& teacher) const override {
    Maps maps(student.size());
    at::Tensor review;
    for (std::size_t i = student.size(); i-- > 0;) {
      const auto reduced =
          modules().normalise(part("reduce_bn.", i), modules().convolve(part("reduce.", i), student[i]));
      review = review.defined() ? fused_with(reduced, review, i) : reduced;
      review = resized_to(review, teacher[i].size(2), teacher[i].size(3));
      maps[i] = modules().normalise(part("expand_bn.", i), modules().convolve(part("expand.", i), review));
    }
    return maps;
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_review() {
  using P = ReviewDistillation::Params;
  return describe<ReviewDistillation>(
      feature_header(
          {.name = "distill.review",
           .doc = "Match the teacher's maps by the student's fused from the deepest to the first, through "
                  "modules trained along.",
           .source = "Chen et al. 2021, arXiv:2104.09044 (ReviewKD)",
           .formula = "kd_weight * sum over maps of [sum_k w_k mean (P_k(g_s) - P_k(f_t))^2] / sum_k w_k, g "
                      "= the fused map, P_k = the map itself, then its averages over 4x4, 2x2 and 1x1 cells "
                      "where it is larger, w = 1, 1/2, 1/4, 1/8",
           .interactions =
               std::string("Fusion needs several `maps` to have something to fuse. ") + kTrainedAlong}),
      feature_fields<P>("mdistiller: weight 1 after 20 of 240 epochs, all stages")
          .add("most_channels", &P::most_channels, at_least(1),
               "of the fused maps, which otherwise have the deepest map's", "mdistiller"));
}

}  // namespace ablate::ingredients

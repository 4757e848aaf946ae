#include <ATen/TensorOperators.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

class HintDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() {
      kd_weight = 100;
      maps = {"stage.-2"};
    }
    bool norm = true;
  };
  explicit HintDistillation(const Params& p) : FeatureDistillation(p), p_(p) {}

  /// Mean squared difference over all elements (Romero et al. 2015).
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    const auto [ours, theirs] = of_one_size(student, teacher);
    return (ours - theirs).square().mean();
  }

 private:
  static std::string regressor(std::size_t i) { return "regressor." + std::to_string(i); }

  void declare(const std::vector<MapPair>& pairs, Modules& modules) override {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const int out = pairs[i].teacher_shape.channels;
      modules.convolution(regressor(i) + ".conv", pairs[i].student_shape.channels, out, 1, !p_.norm);
      if (p_.norm) modules.norm(regressor(i) + ".bn", out);
    }
  }
  Maps adapted(const Maps& student, const Maps&) const override {
    Maps maps;
    for (std::size_t i = 0; i < student.size(); ++i) {
      const auto map = modules().convolve(regressor(i) + ".conv", student[i]);
      maps.push_back(p_.norm ? modules().normalise(regressor(i) + ".bn", map) : map);
    }
    return maps;
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_hint() {
  using P = HintDistillation::Params;
  return describe<HintDistillation>(
      feature_header(
          {.name = "distill.hint",
           .doc = "Match the teacher's maps through 1x1 convolutions trained along; the larger of two maps "
                  "is averaged down.",
           .source = "Romero et al. 2015, arXiv:1412.6550 (FitNets)",
           .formula = "kd_weight * sum over maps of mean (r(f_s) - f_t)^2, r = 1x1 convolution, then "
                      "BatchNorm if norm",
           .interactions = std::string("BatchNorm of `norm` goes by the batch at hand. The sum grows with "
                                       "the number of `maps`. ") +
                           kTrainedAlong}),
      feature_fields<P>("RepDistiller: weight 100, a map in the middle of the network")
          .add("norm", &P::norm, any(), "BatchNorm behind each convolution, in place of its bias",
               "RepDistiller"));
}

}  // namespace ablate::ingredients

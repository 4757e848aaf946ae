#include <algorithm>
#include <array>
#include <utility>

#include "harness/data/image_operations.h"
#include "ingredients/augment/augmentation.h"

namespace ablate::ingredients {
namespace {

class ColorJitter final : public Augmentation {
 public:
  struct Params {
    double brightness = 0.4;
    double contrast = 0.4;
    double saturation = 0.4;
  };
  explicit ColorJitter(const Params& p)
      : blends_{{{adjust_brightness, p.brightness},
                 {adjust_contrast, p.contrast},
                 {adjust_color, p.saturation}}} {}

  bool augments() const override {
    return std::any_of(blends_.begin(), blends_.end(), [](const auto& b) { return b.jitter > 0; });
  }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    auto blends = blends_;
    for (std::uint32_t left = 3; left > 1; --left) std::swap(blends[left - 1], blends[draw.below(left)]);
    for (const auto& [adjust, jitter] : blends) {
      const double width = jitter * strength();
      const double factor = draw.uniform(std::max(0.0, 1 - width), 1 + width);
      if (width > 0) adjust(image, factor);
    }
  }

 private:
  struct Blend {
    void (*adjust)(Image&, double factor);
    double jitter;
  };
  std::array<Blend, 3> blends_;
};

}  // namespace

IngredientEntry augment_color_jitter() {
  using P = ColorJitter::Params;
  return describe<ColorJitter>(
      {.name = "augment.color_jitter",
       .stage = Stage::Augment,
       .doc = "Scale brightness, contrast and saturation by factors around 1, in random order.",
       .source = "Howard 2013, arXiv:1312.5402; timm's default strengths",
       .formula = "x <- f x + (1 - f) x', f ~ U(max(0, 1 - j), 1 + j), with j, x' of each: brightness, "
                  "black; contrast, the mean grey; saturation, the grey image",
       .interactions = "Acts beside a policy too, where timm switches its own off: after "
                       "`augment.autoaugment`, before `augment.randaugment` and `augment.trivialaugment`. "
                       "Follows the strength of `curriculum.progressive`.",
       .neutral = {nlohmann::json::object({{"brightness", 0.0}, {"contrast", 0.0}, {"saturation", 0.0}})},
       .counters = {"batches"}},
      Fields<P>{}
          .add("brightness", &P::brightness, at_least(0), "factors lie in 1 - this to 1 + this, and above 0")
          .add("contrast", &P::contrast, at_least(0), "the same of the blend with the mean grey")
          .add("saturation", &P::saturation, at_least(0), "the same of the blend with the grey image"));
}

}  // namespace ablate::ingredients

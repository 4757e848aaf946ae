#include <algorithm>
#include <utility>
#include <vector>

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
    double hue = 0;
  };
  explicit ColorJitter(const Params& p)
      : changes_{{adjust_brightness, 1, p.brightness},
                 {adjust_contrast, 1, p.contrast},
                 {adjust_color, 1, p.saturation}} {
    if (p.hue > 0) changes_.push_back({turn_hue, 0, p.hue});
  }

  bool augments() const override {
    return std::any_of(changes_.begin(), changes_.end(), [](const auto& c) { return c.jitter > 0; });
  }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    auto changes = changes_;
    for (auto left = std::uint32_t(changes.size()); left > 1; --left)
      std::swap(changes[left - 1], changes[draw.below(left)]);
    for (const auto& [change, centre, jitter] : changes) {
      const double width = jitter * strength(), least = centre - width;
      const double amount = draw.uniform(centre > 0 ? std::max(0.0, least) : least, centre + width);
      if (width > 0) change(image, amount);
    }
  }

 private:
  struct Change {
    void (*change)(Image&, double amount);
    double centre;  // the amount that changes nothing
    double jitter;
  };
  std::vector<Change> changes_;
};

}  // namespace

IngredientEntry augment_color_jitter() {
  using P = ColorJitter::Params;
  return describe<ColorJitter>(
      {.name = "augment.color_jitter",
       .stage = Stage::Augment,
       .doc = "Scale brightness, contrast and saturation by factors around 1, and turn the hue, in random "
              "order.",
       .source = "Howard 2013, arXiv:1312.5402; timm's default strengths",
       .formula = "x <- f x + (1 - f) x', f ~ U(max(0, 1 - j), 1 + j), with j, x' of each: brightness, "
                  "black; contrast, the mean grey; saturation, the grey image; the hue turns by U(-j, j)",
       .interactions = "Acts beside a policy too, where timm switches its own off: after "
                       "`augment.autoaugment`, before `augment.randaugment` and `augment.trivialaugment`. "
                       "Follows the strength of `curriculum.progressive`.",
       .neutral = {nlohmann::json::object(
           {{"brightness", 0.0}, {"contrast", 0.0}, {"saturation", 0.0}, {"hue", 0.0}})},
       .counters = {"batches"}},
      Fields<P>{}
          .add("brightness", &P::brightness, at_least(0), "factors lie in 1 - this to 1 + this, and above 0")
          .add("contrast", &P::contrast, at_least(0), "the same of the blend with the mean grey")
          .add("saturation", &P::saturation, at_least(0), "the same of the blend with the grey image")
          .add("hue", &P::hue, between(0, 0.5), "the hue turns by up to this share of the circle, either way",
               "none: timm; SimCLR takes 0.2"));
}

}  // namespace ablate::ingredients

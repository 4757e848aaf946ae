#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/core/params.h"
#include "harness/core/random.h"
#include "ingredients/augment/magnitude.h"

namespace ablate::ingredients {

/// Settings of every policy: Params derive from it, and add_sampling declares it.
struct SamplingParams {
  std::string interpolation = "convention";
  std::optional<std::vector<int>> fill;
};

/// How geometric operations sample, as settings say it or else as a library does.
class SamplingChoice {
 public:
  /// timm's are bilinear or bicubic, drawn anew for each operation, and grey outside; torchvision's nearest
  /// and black.
  SamplingChoice(bool timm, const SamplingParams& params);
  Sampling pick(Draw& draw) const;

 private:
  Sampling sampling_;
  bool random_ = false;
};

template <class P>
Fields<P>& add_sampling(Fields<P>& fields, const std::string& interpolation =
                                               "the convention's: random as timm, nearest as torchvision") {
  return fields
      .add("interpolation", &SamplingParams::interpolation,
           one_of({"convention", "nearest", "bilinear", "bicubic", "random"}),
           "between pixels; random: bilinear or bicubic, drawn for each operation", interpolation)
      .add("fill", &SamplingParams::fill, each(between(0, 255), 3), "colour outside the image",
           "null: the convention's, grey 128 as timm, black as torchvision");
}

/// The size along the axis of a translation.
int extent(const Image& image, Operation operation);

/// One operation at a level of 0..10; sign and interpolation are drawn.
void apply_timm(Image& image, Operation operation, double level, TimmScale scale,
                const SamplingChoice& sampling, Draw& draw);
/// One operation at a bin; sign and interpolation are drawn.
void apply_torchvision(Image& image, Operation operation, double bin, const TorchvisionSpace& space,
                       const SamplingChoice& sampling, Draw& draw);

}  // namespace ablate::ingredients

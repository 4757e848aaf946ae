#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// A box [top, bottom) x [left, right).
struct Box {
  int top = 0, bottom = 0, left = 0, right = 0;
  bool empty() const { return bottom <= top || right <= left; }
};

/// A box of share 1 - lambda around a centre, clipped to the image (Yun et al. 2019, arXiv:1905.04899). An
/// odd side loses its last pixel (`half_up` false: the authors' code) or keeps it (timm).
Box cut_box(int height, int width, double lambda, int centre_y, int centre_x, bool half_up);

/// The share of the image outside the box: what lambda really is once the box was clipped.
double share_outside(const Box& box, int height, int width);

/// What samples take from their partners: all of the image by 1 - lambda, or a box of that share.
struct Portion {
  double lambda = 1;
  std::optional<Box> box;
};

/// Images [V, n, 3, H, W] and targets [n, C].
struct MixSamples {
  at::Tensor images, targets;
  MixSamples narrow(std::int64_t first, std::int64_t count) const;
};

/// A partner for each: the sample at the mirrored place ("reversed"), the one before ("shifted") or one of a
/// random order ("shuffled"). Which samples meet is random in any case, for the order of an epoch is.
MixSamples partners_of(const MixSamples& samples, const std::string& choice, Draw& draw);

/// Changes images and targets in place.
void mix_in(const MixSamples& samples, const MixSamples& partners, const Portion& portion);

/// Settings of everything that mixes: Params derive from it, and add_mixing declares it.
struct MixingParams {
  std::string draws = "batch";
  std::string partner = "reversed";
};

/// Mixes each image and its target with a partner's, by draws for the whole batch, for each pair of partners
/// or for each sample. Counts the batches in which anything was mixed.
class Mixing : public Counting {
 public:
  void begin(Setup& setup) override { stream_ = setup.stream(setup.name()); }
  void plan_epoch(EpochPlan& plan, const Progress&) override { strength_ = plan.strength; }
  void transform_batch(Batch& batch, const Progress& at) override;

 protected:
  explicit Mixing(MixingParams params) : Counting("batches"), params_(std::move(params)) {}
  /// What to take; nothing when the draws say so. `strength` multiplies alpha: at 0 nothing is mixed.
  virtual std::optional<Portion> draw_portion(int height, int width, double strength, Draw& draw) const = 0;

 private:
  MixingParams params_;
  std::optional<Stream> stream_;
  double strength_ = 1;
};

/// The whole image by a lambda of Beta(alpha, alpha).
std::optional<Portion> draw_blend(double alpha, Draw& draw);
/// A box of a lambda of Beta(alpha, alpha) around a random centre; nothing when it is empty.
std::optional<Portion> draw_cut(double alpha, bool half_up, int height, int width, Draw& draw);

template <class P>
Fields<P>& add_mixing(Fields<P>& fields) {
  return fields
      .add("draws", &MixingParams::draws, one_of({"batch", "pair", "sample"}),
           "one draw for the batch, for each pair of partners, or for each sample (timm's batch, pair, elem)",
           "batch, the papers' code and timm's default")
      .add("partner", &MixingParams::partner, one_of({"reversed", "shuffled", "shifted"}),
           "the sample at the mirrored place of the batch, of a random permutation, or the one before",
           "reversed, as timm; shuffled as the papers' code, shifted as torchvision");
}

/// What everything that mixes does to others.
inline constexpr const char* kMixed =
    "Comes after augmentation, erasing and `loss.label_smoothing`. Teachers see the mixed pixels and answer "
    "for them. Follows the strength of `curriculum.progressive`, by alpha. With `augment.repeated` and "
    "`partner` shifted most images meet themselves. Training losses of runs with and without it do not "
    "compare.";

/// Why mixing cannot act: a batch has nobody to mix with, or samples have no pairs.
std::vector<std::string> mix_refusals(const nlohmann::json& settings, const RecipeView& recipe);

}  // namespace ablate::ingredients

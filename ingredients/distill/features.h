#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingredients/distill/distillation.h"
#include "ingredients/distill/map_pairs.h"
#include "ingredients/modules.h"

namespace ablate::ingredients {

/// What every distillation on maps has.
struct FeatureParams : TaughtParams {
  std::vector<std::string> maps;
  std::vector<std::string> teacher_maps;
};

using Maps = std::vector<at::Tensor>;  // [N, C, H, W] each

/// Compares maps inside the networks, found by their names in the graphs, so on any pair of backbones. What
/// is trained along to make them comparable is no part of the student.
class TappedDistillation : public Distillation {
 protected:
  explicit TappedDistillation(const FeatureParams& p);
  /// Declares what is trained along.
  virtual void declare(const std::vector<MapPair>&, Modules&) {}
  const Modules& modules() const { return modules_; }
  Maps student_maps(const Step& step) const;
  Maps teacher_maps(const Step& step) const;
  /// Finds the pairs, asks for their maps and makes what was declared.
  void prepare(Setup& setup) override;

 private:
  FeatureParams p_;
  std::string key_;
  std::vector<MapPair> pairs_;
  Modules modules_;
};

/// A loss between pairs of maps, summed over the pairs.
class FeatureDistillation : public TappedDistillation {
 public:
  /// Of maps [N, C, H, W], or vectors [N, C], that belong together: a mean over the batch.
  virtual at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const = 0;

 protected:
  using TappedDistillation::TappedDistillation;
  /// The student's maps as they are compared with the teacher's: through what is trained along.
  virtual Maps adapted(const Maps& student, const Maps& /*teacher*/) const { return student; }

 private:
  at::Tensor value(const Step& step) final;
};

/// Both averaged down to the size that they have in common: the smaller one.
std::pair<at::Tensor, at::Tensor> of_one_size(const at::Tensor& a, const at::Tensor& b);

/// The mean of each channel: [N, C]. Vectors stay as they are.
at::Tensor pooled(const at::Tensor& map);

/// Each row by its Euclidean norm, at least 1e-12.
at::Tensor unit_rows(const at::Tensor& rows);

/// What a loss that trains modules along does to others.
inline constexpr const char* kTrainedAlong =
    "What is trained along has the optimizer, weight decay and clipping of the student, and no part in "
    "averages, saved weights or counts.";

IngredientHeader feature_header(IngredientHeader header);

/// The parameters that all share. `defaults` says where weights and maps come from.
template <class P>
Fields<P> feature_fields(const std::string& defaults) {
  return taught_fields<P>(defaults)
      .add(
          "maps", &P::maps, any(),
          "of the student: a module by its name (features.5), or a stage, the last map of a resolution, "
          "counted from either end (stage.0, stage.-1); none: every stage of a size that the teacher has too",
          defaults)
      .add("teacher_maps", &P::teacher_maps, any(),
           "of the teacher, one for each; none: for each its stage of the nearest size",
           "networks are paired by what they see, not by how they count their stages");
}

}  // namespace ablate::ingredients

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// Settings that every pruning has: Params derive from it, and add_course declares it.
struct Course {
  double sparsity = 0.5;
  double ramp = 0.75;
  int every = 16;
  bool depthwise = false;
  bool head = false;
};

/// The kernels of convolutions but the stem's, depthwise ones and the classifier's if asked for; never
/// BatchNorm and biases (Lin et al. 2020, arXiv:2006.07253).
std::vector<Segment> prunable_segments(const Graph& graph, const Weights& weights, bool depthwise, bool head);

/// Which weights are left: a factor of 0 or 1 for each trained value.
class Mask {
 public:
  /// All are left.
  Mask(const Graph& graph, const Weights& weights, bool depthwise, bool head);

  /// Takes out that share of the prunable weights, the smallest of all by magnitude; among equals the first.
  void renew(const at::Tensor& values, double sparsity);
  std::int64_t prunable() const { return std::int64_t(prunable_.size()); }
  /// [trained elements]
  const at::Tensor& factors() const { return factors_; }

 private:
  at::Tensor factors_;
  std::vector<std::int64_t> prunable_;  // positions, in the order that the last renewal left
};

/// A mask that follows the magnitudes, renewed every so many updates on the way to its final sparsity. What
/// is evaluated and saved is masked, averages too.
class Sparsifier : public Counting {
 public:
  void begin(Setup& setup) override;
  void after_step(Student& student, const Progress& at) override;
  void deliver(Weights& weights) const override { weights.trained().mul_(mask_->factors()); }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 protected:
  explicit Sparsifier(const Course& course) : Counting("masks_renewed"), course_(course) {}
  bool acts() const { return course_.sparsity > 0; }
  const at::Tensor& factors() const { return mask_->factors(); }

 private:
  Course course_;
  std::optional<Mask> mask_;
  std::int64_t updates_ = 0;  // fewer than steps where gradients are accumulated
};

/// s (1 - (1 - t / t_f)^3), then s (Zhu and Gupta 2017, arXiv:1710.01878, equation 1), of t in shares of
/// training.
double sparsity_at(double share, const Course& course);

template <class P>
Fields<P>& add_course(Fields<P>& fields) {
  return fields
      .add("sparsity", &Course::sparsity, from_below(0, 1),
           "share of the prunable weights that are taken out in the end")
      .add("ramp", &Course::ramp, between(0, 1), "share of training at which the final sparsity is reached",
           "so that the last quarter trains what is evaluated")
      .add("every", &Course::every, at_least(1), "updates between two renewals of the mask",
           "16, as in Lin et al. 2020")
      .add("depthwise", &Course::depthwise, any(), "whether depthwise kernels are pruned",
           "no: they hold few weights, and each matters")
      .add("head", &Course::head, any(), "whether the classifier is pruned", "no");
}

/// Why a mask makes no sense in this recipe.
std::vector<std::string> mask_refusals(const nlohmann::json& settings, const RecipeView& recipe);

/// describe() with what every pruning declares: a Course is all that it can be told.
template <class T>
IngredientEntry describe_pruning(IngredientHeader header) {
  add_interaction(header,
                  "The mask ranks weights of all layers together. What is evaluated and saved is masked, "
                  "averages too. What distillation trains along is never masked.");
  header.stage = Stage::Sparsify;
  header.neutral = {nlohmann::json::object({{"sparsity", 0.0}})};
  header.no_window = "its mask has a course of its own: see ramp";
  header.counters = {"masks_renewed"};
  header.trial = {{"every", 1}};
  header.refuses = mask_refusals;
  Fields<typename T::Params> fields;
  return describe<T>(std::move(header), add_course(fields));
}

}  // namespace ablate::ingredients

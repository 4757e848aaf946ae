#include "ingredients/sparsify/mask.h"

namespace ablate::ingredients {
namespace {

class DynamicPruning final : public Sparsifier {
 public:
  struct Params : Course {};
  explicit DynamicPruning(const Params& p) : Sparsifier(p) {}

  /// Forward and backward see the masked weights; the update moves the dense ones by that gradient, so that a
  /// weight that was taken out may grow and come back.
  Undo perturb(Student& student, const Progress&) override {
    if (!acts()) return {};
    auto values = student.weights().trained().detach();
    auto dense = values.clone();
    values.mul_(factors());
    return Undo([values, dense]() mutable { values.copy_(dense); });
  }
};

}  // namespace

IngredientEntry sparsify_dpf() {
  return describe_pruning<DynamicPruning>(
      {.name = "sparsify.dpf",
       .doc =
           "Train dense weights by the gradients of a sparse network that is taken from them anew and anew.",
       .source = "Lin et al. 2020, Dynamic Model Pruning with Feedback, arXiv:2006.07253",
       .formula = "s = sparsity * (1 - (1 - t / ramp)^3) at share t of training, then sparsity; mask = 0 at "
                  "the smallest s of |w|, else 1; the optimizer moves w by the gradient at mask * w",
       .interactions = "The optimizer, weight decay and `average.ema` see the dense weights."});
}

}  // namespace ablate::ingredients

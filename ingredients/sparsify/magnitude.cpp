#include "ingredients/sparsify/mask.h"

namespace ablate::ingredients {
namespace {

class MagnitudePruning final : public Sparsifier {
 public:
  struct Params : Course {};
  explicit MagnitudePruning(const Params& p) : Sparsifier(p) {}

  /// A weight that is taken out is 0 from then on, whatever the update made of it: the smallest of all, it
  /// stays out.
  void after_step(Student& student, const Progress& at) override {
    if (!acts()) return;
    const auto& values = student.weights().trained();
    values.mul_(factors());
    Sparsifier::after_step(student, at);
    values.mul_(factors());
  }
};

}  // namespace

IngredientEntry sparsify_magnitude() {
  return describe_pruning<MagnitudePruning>(
      {.name = "sparsify.magnitude",
       .doc = "Set the smallest weights to zero for good, more and more of them.",
       .source = "Zhu and Gupta 2017, arXiv:1710.01878",
       .formula = "s = sparsity * (1 - (1 - t / ramp)^3) at share t of training, then sparsity; mask = 0 at "
                  "the smallest s of |w|, else 1; w <- mask * w after every update",
       .interactions = "The optimizer's moments of weights that are out go on."});
}

}  // namespace ablate::ingredients

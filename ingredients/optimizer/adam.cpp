#include "ingredients/optimizer/adam.h"

namespace ablate::ingredients {

IngredientEntry optimizer_adam() {
  using Adam = AdamOptimizer<Decay::Coupled>;
  using P = Adam::Params;
  Fields<P> fields;
  add_rate(fields, "torch");
  add_betas(fields, "torch").add("eps", &P::eps, above(0), "added to the root of the mean square", "torch");
  add_weight_decay(fields, kCoupled, "none, as torch.optim.Adam");
  return describe_optimizer<Adam>(
      {.name = "optimizer.adam",
       .doc = "Adaptive moments: every weight moves by its mean gradient over the "
              "root of its mean square; coupled decay.",
       .source = "Kingma and Ba 2015, arXiv:1412.6980; torch.optim.Adam",
       .formula =
           "g <- g + weight_decay w; m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2; w <- w - "
           "lr m^ / (sqrt(v^) + eps), m^ = m / (1 - beta1^u), v^ = v / (1 - beta2^u) at update u = 1, 2, ...",
       .interactions = "Coupled decay is divided by the root of the mean square like any gradient: "
                       "`weight_decay` means something else than with `optimizer.adamw`."},
      fields);
}

}  // namespace ablate::ingredients

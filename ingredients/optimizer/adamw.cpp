#include "ingredients/optimizer/adam.h"

namespace ablate::ingredients {

IngredientEntry optimizer_adamw() {
  using Adam = AdamOptimizer<Decay::Decoupled>;
  using P = Adam::Params;
  Fields<P> fields;
  add_rate(fields, "torch");
  add_betas(fields, "torch").add("eps", &P::eps, above(0), "added to the root of the mean square", "torch");
  add_weight_decay(fields, kDecoupled, "torch.optim.AdamW");
  return describe_optimizer<Adam>(
      {.name = "optimizer.adamw",
       .doc = "Adam with weight decay beside the gradient rather than in it.",
       .source = "Loshchilov and Hutter 2019, arXiv:1711.05101; torch.optim.AdamW",
       .formula =
           "m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2; w <- (1 - lr weight_decay) w - lr "
           "m^ / (sqrt(v^) + eps), m^ = m / (1 - beta1^u), v^ = v / (1 - beta2^u) at update u = 1, 2, ...",
       .interactions = "Decay goes with the rate of the moment, so a schedule weakens it too."},
      fields);
}

}  // namespace ablate::ingredients

#include "ingredients/recipe.h"

namespace ablate {

const Fields<TrainSettings>& train_fields() {
  using T = TrainSettings;
  static const auto fields =
      Fields<T>{}
          .add("epochs", &T::epochs, at_least(1), "passes over the training images")
          .add("batch", &T::batch, at_least(1), "images a step")
          .add("drop_last", &T::drop_last, any(), "leave out the last, smaller batch of an epoch")
          .add("init", &T::init, any(),
               "weight file (safetensors) to start from; the head is drawn anew when classes differ")
          .add("executor", &T::executor, one_of({"reference"}), "what computes the network")
          .add("device", &T::device, one_of({"cpu"}), "where it is computed")
          .add("threads", &T::threads, between(1, 1024), "threads that compute one operation; changes bits");
  return fields;
}

const Fields<EvaluateSettings>& evaluate_fields() {
  using E = EvaluateSettings;
  static const auto fields =
      Fields<E>{}
          .add("every", &E::every, at_least(1),
               "epochs between two passes over the validation split; the last has one always")
          .add("batch", &E::batch, at_least(1), "images a forward pass; changes bits in the last place")
          .add("flip", &E::flip, any(),
               "in the end, evaluate the mean logits of each image and its mirror image too: variants "
               "raw_flip, ...");
  return fields;
}

}  // namespace ablate

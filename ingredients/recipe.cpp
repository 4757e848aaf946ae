#include "ingredients/recipe.h"

#include <algorithm>

#include "harness/data/corruptions.h"

namespace ablate {
namespace {

Range corruption_choices() {
  auto names = corruption_names();
  names.insert(names.begin(), "all");
  return one_of(std::move(names));
}

Range radius() {
  auto range = above(0);
  range.high = 255;
  return range;
}

Range severities() {
  auto range = between(1, kSeverities);
  range.min_items = 1;
  return range;
}

}  // namespace

std::vector<std::string> EvaluateSettings::corruption_list() const {
  const auto asked = [&](const std::string& name) { return std::ranges::count(corruptions, name) > 0; };
  std::vector<std::string> names;
  for (const auto& name : corruption_names())
    if (asked(name) || asked("all")) names.push_back(name);
  return names;
}

const Fields<TrainSettings>& train_fields() {
  using T = TrainSettings;
  static const auto fields =
      Fields<T>{}
          .add("epochs", &T::epochs, at_least(1), "passes over the training images")
          .add("batch", &T::batch, at_least(1), "images a step")
          .add("drop_last", &T::drop_last, any(), "leave out the last, smaller batch of an epoch")
          .add("init", &T::init, any(),
               "weight file (safetensors) to start from; the head is drawn anew when classes differ")
          .add("executor", &T::executor, one_of({"fused", "reference"}),
               "what computes the network: own kernels for whole networks, or LibTorch's operations one by "
               "one")
          .add("precision", &T::precision, one_of({"float32", "bf16"}),
               "of training passes: maps and their gradients as float32, or stored and multiplied as bfloat16 "
               "with sums, statistics, weights and everything outside the network in float32; evaluation is "
               "float32")
          .add("device", &T::device, one_of({"cpu"}), "where it is computed")
          .add("threads", &T::threads, between(1, 1024), "threads that compute one operation; changes bits, and the key, under the reference executor only");
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
               "raw_flip, ...")
          .add(
              "corruptions", &E::corruptions, corruption_choices(),
              "in the end, evaluate the reported variant on corrupted test images too: splits "
              "test@gaussian_noise.1, ...",
              "Hendrycks and Dietterich 2019, arXiv:1903.12261: CIFAR-10-C up to 64 pixels, else ImageNet-C; "
              "all are 18 of the 19, for frost is photographs of the authors'")
          .add("severities", &E::severities, severities(), "how bad the corruptions are, a split each")
          .add("fgsm", &E::fgsm, radius(),
               "in the end, evaluate the reported variant with each pixel moved so far, in 1/255, along its "
               "gradient's sign: split test@fgsm",
               "Goodfellow et al. 2015, arXiv:1412.6572")
          .add("pgd", &E::pgd, radius(),
               "the same for several steps from a random start that stay within so far, in 1/255: split "
               "test@pgd",
               "Madry et al. 2018, arXiv:1706.06083")
          .add("pgd_steps", &E::pgd_steps, between(1, 1000), "forward and backward passes an image takes")
          .add("pgd_step", &E::pgd_step, radius(),
               "how far each step moves a pixel, in 1/255; null: 2.5 pgd / pgd_steps",
               "Madry et al. 2018, arXiv:1706.06083")
          .add("predictions", &E::predictions, any(),
               "in the end, keep the reported variant's probabilities of the test split in the run's folder, "
               "for "
               "'ablate table --with ensemble'");
  return fields;
}

}  // namespace ablate

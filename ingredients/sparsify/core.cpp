#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/count_nonzero.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mul.h>

#include <algorithm>

#include <fmt/format.h>

#include "ingredients/counting.h"
#include "ingredients/sparsify/core_mask.h"

namespace ablate::ingredients {
namespace {

/// A fixed part of the network's weights, trained beside the whole. Its pass has weights of its own, made of
/// the network's before it; their gradients flow back to those that they were made of.
class CoreTraining final : public Counting {
 public:
  struct Params {
    double share = 0.5;
    std::string of = "channels";
    double weight = 1;
    std::string targets = "labels";
  };
  explicit CoreTraining(const Params& p) : Counting("passes"), p_(p) {}

  void begin(Setup& setup) override {
    if (!acts()) return;
    name_ = setup.name();
    factors_ = p_.of == "channels"
                   ? channel_core(setup.graph(), p_.share)
                   : weight_core(setup.graph(), setup.weights(), p_.share, [&](const std::string& tensor) {
                       return setup.stream(name_ + "." + tensor);
                     });
    core_ = setup.weights().clone();
    core_.require_gradients();
  }
  /// Nothing is perturbed: when the backward pass is over, the network's gradients are told the core's.
  Undo perturb(Student& student, const Progress&) override {
    if (!acts()) return {};
    return Undo([this, &student] {
      student.weights().gradients().addcmul_(factors_, core_.gradients());
      core_.clear_gradients();
    });
  }
  void add_loss(const Step& step, Loss& loss) override {
    if (!acts()) return;
    if (counted() == 0) core_.copy_from(step.network.weights());  // statistics begin as the network's
    follow(step.network);
    const auto images = step.batch.targets.size(0);
    auto pass = step.pass;
    pass.taps.clear();
    const auto logits = step.network.forward_with(core_, step.batch.images.narrow(0, 0, images), pass).logits;
    loss.add(name_, p_.weight, -(targets_of(step) * at::log_softmax(logits, 1)).sum() / double(images));
    count();
  }
  void after_step(Student& student, const Progress&) override {
    if (acts()) follow(student);
  }
  const Weights* average() const override { return counted() > 0 ? &core_ : nullptr; }

  void save(Archive& archive) const override {
    Counting::save(archive);
    if (!acts()) return;
    archive.tensors["trained"] = core_.trained();
    archive.tensors["statistics"] = core_.statistics();
  }
  void load(const Archive& archive) override {
    Counting::load(archive);
    if (!acts()) return;
    core_.trained().copy_(archive.tensors.at("trained"));
    core_.statistics().copy_(archive.tensors.at("statistics"));
  }
  Counters counters() const override {
    auto all = Counting::counters();
    all["parameters"] = counted() > 0 ? double(at::count_nonzero(factors_).item<std::int64_t>()) : 0;
    return all;
  }

 private:
  bool acts() const { return p_.weight > 0; }
  void follow(Student& student) {
    const at::NoGradGuard no_gradients;
    auto values = core_.trained();
    at::mul_out(values, student.weights().trained(), factors_);
  }
  /// [N, C]
  at::Tensor targets_of(const Step& step) const {
    if (p_.targets == "labels") return step.batch.targets;
    return step.student.logits.narrow(0, 0, step.batch.targets.size(0)).detach().softmax(1);
  }

  Params p_;
  std::string name_;
  at::Tensor factors_;  // [trained elements]: 1 where the core has a value, else 0
  Weights core_;
};

std::vector<std::string> core_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  if (settings.at("of") == "weights" && recipe.has("reparam"))
    reasons.push_back(
        "branches fold into kernels without zeros, so that a core of weights would not be sparse; set of to "
        "'channels' or turn reparam off");
  if (recipe.on("loss", "bce"))
    reasons.push_back(
        "the core is judged by cross-entropy, and loss.bce the whole by another loss; take loss.bce off");
  return reasons;
}

std::vector<std::string> core_misfits(const nlohmann::json& settings, const Graph& graph) {
  if (settings.at("of") != "channels") return {};
  const double share = settings.at("share");
  for (const auto& channels : core_channels(graph, share))
    if (!std::ranges::all_of(channels, [](bool kept) { return kept; })) return {};
  return {fmt::format("share {} of every layer rounds to all of its channels, so that the core is the whole",
                      share)};
}

Range within_one() {
  auto range = above(0);
  range.high = 1;
  range.open_high = true;
  return range;
}

}  // namespace

IngredientEntry sparsify_core() {
  using P = CoreTraining::Params;
  return describe<CoreTraining>(
      {.name = "sparsify.core",
       .stage = Stage::Sparsify,
       .doc =
           "Train a fixed part of the network, its core, beside the whole, on shared weights, and evaluate "
           "it on its own.",
       .source = "Yu et al. 2019, Slimmable Neural Networks, arXiv:1812.08928 (channels); Kim et al. 2018, "
                 "NestedNet, arXiv:1712.03781 (weights)",
       .formula =
           "adds weight * mean_n sum_c -q log p, p = softmax of the network at m * w, m in {0, 1} fixed; q = "
           "targets, or the whole network's softmax held constant; channels: m keeps the first max(1, "
           "round(share * C)) of C outputs; weights: m keeps round(share * n) drawn ones of a kernel's n",
       .interactions =
           "A second forward and backward pass every step, with the first one's draws of dropout, on the "
           "first view of each image. Weights, gamma and beta are shared (the paper has gamma and beta "
           "apart); BatchNorm statistics are the core's own, for the whole's do not fit it: they follow its "
           "passes and serve its evaluation. It is evaluated beside the whole as the variant core, which "
           "is never the reported one, with the raw weights though an average may stand beside it. Of "
           "channels, attention and head keep all outputs, and whatever sees channels one by one keeps "
           "those that reach it; of weights, whatever pruning may not touch is kept: the stem, depthwise "
           "kernels, BatchNorms, the classifier. Distillation looks at the whole alone. After the end of "
           "`active` the core stays as it was then.",
       .neutral = {nlohmann::json::object({{"weight", 0.0}})},
       .counters = {"passes", "parameters"},
       .refuses = core_refusals,
       .misfits = core_misfits},
      Fields<P>{}
          .add("share", &P::share, within_one(), "how much of each layer the core has",
               "half: a width in the middle of the paper's")
          .add("of", &P::of, one_of({"channels", "weights"}),
               "a layer's first output channels, a narrower network; or single weights of its kernels, drawn "
               "once for each seed",
               "the paper's channels: they cost less on any machine")
          .add("weight", &P::weight, at_least(0), "of the core's loss",
               "the paper adds up losses as they are")
          .add("targets", &P::targets, one_of({"labels", "network"}),
               "what the core learns: the batch's targets, or what the whole network says of them",
               "the paper; network: Yu and Huang 2019, arXiv:1903.05134 (in-place distillation)"));
}

}  // namespace ablate::ingredients

#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/empty.h>

#include "ingredients/attack.h"
#include "ingredients/counting.h"
#include "ingredients/modules.h"

namespace ablate::ingredients {
namespace {

const std::string kDetectorMap = "stage.-1";

class AdversarialTraining final : public Counting {
 public:
  struct Params {
    double radius = 8;
    double step = 2;
    int steps = 7;
    bool random_start = true;
    double share = 0.5;
    std::string detector = "none";
    double detector_weight = 1;
  };
  explicit AdversarialTraining(const Params& p) : Counting("images"), p_(p) {}

  void begin(Setup& setup) override;
  void before_forward(Batch& batch, Student& student, const Pass& pass, const Progress& at) override;
  void add_loss(const Step& step, Loss& loss) override;

 private:
  bool detects() const { return p_.detector != "none"; }
  /// Within radius of the clean images and 0..1: as bad for the student as `steps` steps make it.
  at::Tensor attacked(const at::Tensor& clean, const at::Tensor& targets, Student& student, const Pass& pass,
                      Draw draw) const;

  Params p_;
  std::string name_;
  std::optional<Stream> stream_;
  Modules modules_;
  std::int64_t attacked_ = 0;  // of the batch at hand: its first images
};

void AdversarialTraining::begin(Setup& setup) {
  name_ = setup.name();
  stream_ = setup.stream(name_ + ".start");
  if (!detects()) return;
  setup.want_tap(kDetectorMap);
  const auto& graph = setup.graph();
  modules_.linear("detector", graph.nodes[graph.tap_at(kDetectorMap).node].shape.channels, 1);
  modules_.make(setup);
}

at::Tensor AdversarialTraining::attacked(const at::Tensor& clean, const at::Tensor& targets, Student& student,
                                         const Pass& pass, Draw draw) const {
  const Attack attack{p_.radius / kLevels, p_.step / kLevels, p_.steps};
  std::optional<at::Tensor> noise;
  if (p_.random_start) {
    noise = at::empty(clean.sizes(), at::TensorOptions(at::kFloat));
    fill_within(attack.radius, *noise, draw);
  }
  const auto answer = [&](const at::Tensor& images) { return student.forward(images, pass).logits; };
  return ablate::attacked(clean, targets, answer, attack, noise);
}

void AdversarialTraining::before_forward(Batch& batch, Student& student, const Pass& pass,
                                         const Progress& at) {
  attacked_ = p_.radius == 0 ? 0 : std::llround(p_.share * double(batch.targets.size(0)));
  if (attacked_ == 0) return;
  auto attack = pass;
  attack.update_statistics = false;
  attack.taps.clear();
  const at::NoGradGuard no_gradients;
  auto images = batch.images.clone();
  images.narrow(0, 0, attacked_)
      .copy_(attacked(batch.images.narrow(0, 0, attacked_), batch.targets.narrow(0, 0, attacked_), student,
                      attack, stream_->at(at.epoch, at.step)));
  batch.images = images;
  count(attacked_);
}

void AdversarialTraining::add_loss(const Step& step, Loss& loss) {
  if (!detects()) return;
  const auto samples = step.batch.targets.size(0);
  auto features = step.student.taps.at(kDetectorMap).narrow(0, 0, samples).mean({2, 3});
  if (p_.detector == "apart") features = features.detach();
  const auto verdict = modules_.project("detector", features).squeeze(1);
  const auto truth =
      (at::arange(samples, at::TensorOptions(at::kLong)) < attacked_).to(verdict.scalar_type());
  loss.add(name_ + ".detector", p_.detector_weight,
           at::binary_cross_entropy_with_logits(verdict, truth, {}, {}, at::Reduction::Mean));
}

std::vector<std::string> adversarial_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  if (settings.at("step") == 0 && !settings.at("random_start").get<bool>())
    reasons.push_back("step 0 without random_start changes no pixel; give it a step");
  const auto train = recipe.recipe.find("train");
  const int batch = train == recipe.recipe.end() ? 128 : train->value("batch", 128);
  const double share = settings.at("share");
  if (share > 0 && std::llround(share * batch) < 2)
    reasons.push_back(
        "share comes to fewer than two images of a batch, too few for BatchNorm; raise it or train.batch");
  if (settings.at("detector") != "none" && share == 1)
    reasons.push_back("with share 1 the detector sees nothing but attacks; lower share or set it to 'none'");
  return reasons;
}

}  // namespace

IngredientEntry regularize_adversarial() {
  using P = AdversarialTraining::Params;
  return describe<AdversarialTraining>(
      {.name = "regularize.adversarial",
       .stage = Stage::Regularize,
       .doc =
           "Train on images changed against the student by small steps along the gradient's sign; one step "
           "of the radius from the image itself is FGSM.",
       .source = "Goodfellow et al. 2015, arXiv:1412.6572 (FGSM); Madry et al. 2018, arXiv:1706.06083 (PGD)",
       .formula = "x <- clip(x + step / 255 * sign(dL / dx), within radius / 255 of the clean image and "
                  "0..1), steps times, L = cross-entropy of the targets; detector: detector_weight * mean_n "
                  "BCE(attacked or not)",
       .interactions = "Comes last: teachers have looked already and answer for the clean images, while "
                       "`distill.self` sees the attacked ones. Attacks take cross-entropy, whatever the task "
                       "term. They leave BatchNorm's statistics alone, but the pass that counts mixes clean "
                       "and attacked images in them. Of several views the first is attacked.",
       .neutral = {nlohmann::json::object({{"radius", 0.0}, {"detector", "none"}}),
                   nlohmann::json::object({{"share", 0.0}, {"detector", "none"}})},
       .counters = {"images"},
       .trial = {{"steps", 2}, {"detector", "joint"}},
       .refuses = adversarial_refusals},
      Fields<P>{}
          .add("radius", &P::radius, between(0, 255), "how far a pixel may move, in 1/255",
               "Madry's CIFAR-10")
          .add("step", &P::step, between(0, 255), "how far each step moves it, in 1/255", "Madry's CIFAR-10")
          .add("steps", &P::steps, between(1, 1000), "forward and backward passes an attack takes",
               "Madry's CIFAR-10")
          .add("random_start", &P::random_start, any(), "starts at a random place within the radius",
               "Madry et al.; FGSM starts at the image")
          .add("share", &P::share, between(0, 1), "of each batch that is attacked; the rest stays clean",
               "half and half, as Goodfellow et al.")
          .add("detector", &P::detector, one_of({"none", "apart", "joint"}),
               "a linear head on the last stage's means, trained along to tell attacked images from clean "
               "ones; "
               "apart: its gradient stops at the features",
               "Metzen et al. 2017, arXiv:1702.04267, has it apart from the network")
          .add("detector_weight", &P::detector_weight, at_least(0),
               "of the detector's binary cross-entropy"));
}

}  // namespace ablate::ingredients

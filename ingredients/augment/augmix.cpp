#include <algorithm>
#include <array>
#include <cmath>

#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/convention.h"
#include "ingredients/augment/refusals.h"
#include "ingredients/loss/jensen_shannon.h"

namespace ablate::ingredients {
namespace {

constexpr std::array kPaperOperations{Operation::AutoContrast, Operation::Equalize,   Operation::Posterize,
                                      Operation::Rotate,       Operation::Solarize,   Operation::ShearX,
                                      Operation::ShearY,       Operation::TranslateX, Operation::TranslateY};
constexpr std::array kBlends{Operation::Color, Operation::Contrast, Operation::Brightness,
                             Operation::Sharpness};

class AugMix final : public Augmentation {
 public:
  struct Params : SamplingParams {
    Params() { interpolation = "bilinear"; }
    double severity = 3;
    int chains = 3;
    int depth = 0;
    double alpha = 1;
    std::string operations = "paper";
    int views = 3;
    double jsd_weight = 12;
  };
  explicit AugMix(const Params& p)
      : p_(p), sampling_(false, p), operations_(kPaperOperations.begin(), kPaperOperations.end()) {
    if (p.operations == "all") operations_.insert(operations_.end(), kBlends.begin(), kBlends.end());
  }

  void begin(Setup& setup) override {
    Augmentation::begin(setup);
    name_ = setup.name();
    setup.want_views(p_.views);
    setup.want_alike_crops();
  }
  bool augments() const override { return true; }
  void augment(Image& image, const SampleAt& at) const override {
    if (at.view == 0 && p_.views > 1) return;  // stays clean
    if (int(at.view) >= p_.views) return;      // somebody else's
    auto draw = draw_for(at);
    mix(image, draw);
  }
  void add_loss(const Step& step, Loss& loss) override {
    if (p_.views == 1) return;
    const auto ours = step.student.logits.narrow(0, 0, p_.views * step.batch.targets.size(0));
    loss.add(name_, p_.jsd_weight, jensen_shannon(ours, p_.views));
  }

 private:
  /// (1 - m) x image + m x the weighted sum of the chains' ends; rounded to bytes once.
  void mix(Image& image, Draw& draw) const {
    thread_local std::vector<float> sum;  // keeps its memory from image to image
    thread_local Image chained;
    const auto weights = dirichlet(draw);
    const auto share = float(draw.beta(p_.alpha, p_.alpha));
    sum.assign(image.pixels.size(), 0);
    for (const float weight : weights) {
      chained = image;
      run_chain(chained, draw);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * float(chained.pixels[i]);
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const float mixed = (1 - share) * float(image.pixels[i]) + share * sum[i];
      image.pixels[i] = std::uint8_t(std::min(mixed + 0.5F, 255.0F));
    }
  }
  void run_chain(Image& image, Draw& draw) const {
    const int depth = p_.depth > 0 ? p_.depth : 1 + int(draw.below(3));
    for (int i = 0; i < depth; ++i) {
      const auto operation = operations_[draw.below(std::uint32_t(operations_.size()))];
      const double level = draw.uniform(0.1, p_.severity * strength());
      const bool negative = draw.chance(0.5);
      double argument = timm_argument(operation, level, negative, TimmScale::Increasing);
      // The authors' translations go up to a third of the size, timm's to 0.45 of it.
      if (translates(operation)) argument *= extent(image, operation) / (3 * 0.45);
      carry_out(image, operation, argument, sampling_.pick(draw));
    }
  }
  /// Shares of the chains, drawn from Dirichlet(alpha, ...) by breaking a stick.
  std::vector<float> dirichlet(Draw& draw) const {
    std::vector<float> weights;
    double left = 1;
    for (int after = p_.chains - 1; after > 0; --after) {
      const double part = left * draw.beta(p_.alpha, p_.alpha * after);
      weights.push_back(float(part));
      left -= part;
    }
    weights.push_back(float(left));
    return weights;
  }

  Params p_;
  std::string name_;
  SamplingChoice sampling_;
  std::vector<Operation> operations_;
};

std::vector<std::string> augmix_refusals(const nlohmann::json&, const RecipeView& recipe) {
  auto reasons = refuse_two_policies(recipe, "augmix");
  if (recipe.has("mix"))
    reasons.push_back(
        "augmix compares views of one image, which mix blends with others; put mix or augment.augmix to off");
  return reasons;
}

}  // namespace

IngredientEntry augment_augmix() {
  using P = AugMix::Params;
  Fields<P> fields;
  fields
      .add("severity", &P::severity, between(0.1, 10),
           "highest level of an operation; each draws from 0.1 on")
      .add("chains", &P::chains, between(1, 10), "chains of operations that are mixed")
      .add("depth", &P::depth, between(0, 10), "operations a chain; 0: one to three, drawn")
      .add("alpha", &P::alpha, above(0),
           "of the Dirichlet that weighs chains and the Beta that mixes in the image")
      .add("operations", &P::operations, one_of({"paper", "all"}),
           "the paper's nine, or with colour, contrast, brightness and sharpness as well",
           "the paper leaves out what resembles the corruptions it tests on")
      .add("views", &P::views, between(1, 8),
           "images a sample, the first of them clean; 1: the mixed image alone, without the loss")
      .add("jsd_weight", &P::jsd_weight, at_least(0), "weight of the divergence of the views");
  return describe<AugMix>(
      {.name = "augment.augmix",
       .stage = Stage::Augment,
       .doc = "Views of an image as mixtures of chains of operations, and a loss that keeps answers alike.",
       .source = "Hendrycks et al. 2020, arXiv:1912.02781",
       .formula = "x <- (1 - m) x + m sum_i w_i chain_i(x), w ~ Dirichlet(alpha), m ~ Beta(alpha, alpha), i "
                  "of chains; loss: jsd_weight * mean_n mean_v KL(p_v || mean_v p_v), v of views",
       .interactions = "The student and its teachers see all `views`, so a step costs that many times as "
                       "much; the task term judges the clean ones alone, distillation all of them. "
                       "`augment.color_jitter` changes every view by draws of its own, the clean one too. "
                       "`severity` follows the strength of `curriculum.progressive`.",
       .no_neutral = "its views take part in the statistics of BatchNorm whatever the weight of the loss",
       .no_window = "a sample has as many views in the last epoch as in the first",
       .counters = {"batches"},
       .refuses = augmix_refusals},
      add_sampling(fields, "bilinear, as the authors' code"));
}

}  // namespace ablate::ingredients

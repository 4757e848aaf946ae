#include "ingredients/counting.h"
#include "ingredients/optimizer/buffers.h"

namespace ablate::ingredients {
namespace {

/// Every k-th update slow += alpha (fast - slow), and the fast weights go on from there (Zhang et al. 2019).
class Lookahead final : public Counting {
 public:
  struct Params {
    int every = 6;
    double alpha = 0.5;
    std::string start = "initial";
    bool epoch_end = false;
  };
  explicit Lookahead(const Params& p) : Counting("pulls"), p_(p) {}

  void wrap(Update& update, const std::function<void()>&, const std::function<void()>& next) override {
    if (p_.start == "initial") remember(update.sets);
    next();
    const bool last = p_.epoch_end && update.at.step + 1 == update.at.steps_per_epoch;
    if (++updates_ % p_.every != 0 && !last) return;
    remember(update.sets);
    for (auto& set : update.sets) {
      auto slow = slow_.of(set).front();
      slow.lerp_(set.values, p_.alpha);
      set.values.copy_(slow);
    }
    count();
  }

  void save(Archive& archive) const override {
    slow_.save(archive);
    archive.values["wrapped_updates"] = updates_;
    Counting::save(archive);
  }
  void load(const Archive& archive) override {
    slow_.load(archive);
    updates_ = archive.values.at("wrapped_updates");
    Counting::load(archive);
  }

 private:
  /// Slow weights begin as the weights at hand.
  void remember(const std::vector<ParameterSet>& sets) {
    for (const auto& set : sets)
      if (!slow_.has(set)) at::Tensor(slow_.of(set).front()).copy_(set.values);
  }

  Params p_;
  std::int64_t updates_ = 0;
  SetBuffers slow_{{{"slow"}}};
};

}  // namespace

IngredientEntry optimizer_lookahead() {
  using P = Lookahead::Params;
  return describe<Lookahead>(
      {.name = "optimizer.lookahead",
       .stage = Stage::Update,
       .doc = "Every few updates the weights go back part of the way to where they were.",
       .source = "Zhang et al. 2019, arXiv:1907.08610",
       .formula = "after updates every, 2 every, ...: slow <- slow + alpha (w - slow), w <- slow",
       .interactions = "Averages see the weights after a pull. BatchNorm's statistics and the optimizer's "
                       "moments are not pulled. A training ends on fast weights unless its last update is "
                       "one of a pull. Counts updates: `optimizer.accumulate` makes fewer of them.",
       .wrapper = true,
       .neutral = {nlohmann::json::object({{"alpha", 1.0}})},
       .counters = {"pulls"},
       .trial = {{"every", 2}}},
      Fields<P>{}
          .add("every", &P::every, at_least(1), "updates between two pulls",
               "timm Lookahead; the paper has 5")
          .add("alpha", &P::alpha, between(0, 1),
               "how far the slow weights go towards the fast ones; 1: all the way")
          .add("start", &P::start, one_of({"initial", "first_pull"}),
               "where slow weights begin: at the weights before the first update, or at those of the first "
               "pull, "
               "which then changes nothing",
               "the paper; first_pull: timm")
          .add("epoch_end", &P::epoch_end, any(), "pull at the end of every epoch too",
               "no: the paper; timm's training script does"));
}

}  // namespace ablate::ingredients

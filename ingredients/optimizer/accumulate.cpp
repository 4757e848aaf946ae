#include "ingredients/counting.h"
#include "ingredients/optimizer/buffers.h"

namespace ablate::ingredients {
namespace {

/// One update for several steps, with the mean of their gradients. The last step of an epoch always updates,
/// with the mean of what there is: no gradient is carried into another epoch and none is lost at the end of
/// training.
class Accumulate final : public Counting {
 public:
  struct Params {
    int steps = 4;
  };
  explicit Accumulate(const Params& p) : Counting("postponed"), p_(p) {}

  void wrap(Update& update, const std::function<void()>&, const std::function<void()>& next) override {
    if (p_.steps == 1) return next();
    ++gathered_;
    for (const auto& set : update.sets) sum_of_set(set).add_(set.gradients);
    const bool last_of_epoch = update.at.step + 1 == update.at.steps_per_epoch;
    update.postponed = gathered_ < p_.steps && !last_of_epoch;
    count(update.postponed);
    if (update.postponed) return;
    for (auto& set : update.sets) {
      set.gradients.copy_(sum_of_set(set)).div_(gathered_);
      sum_of_set(set).zero_();
    }
    gathered_ = 0;
    next();
  }

  void save(Archive& archive) const override {
    sums_.save(archive);
    archive.values["gathered"] = gathered_;
    Counting::save(archive);
  }
  void load(const Archive& archive) override {
    sums_.load(archive);
    gathered_ = archive.values.at("gathered");
    Counting::load(archive);
  }

 private:
  at::Tensor sum_of_set(const ParameterSet& set) { return sums_.of(set).front(); }

  Params p_;
  int gathered_ = 0;
  SetBuffers sums_{{{"sum"}}};
};

}  // namespace

IngredientEntry optimizer_accumulate() {
  using P = Accumulate::Params;
  return describe<Accumulate>(
      {.name = "optimizer.accumulate",
       .stage = Stage::Update,
       .doc = "Gradient accumulation: one update for the mean gradient of several batches.",
       .source = "timm's training script (the rest of an epoch makes an update of its own)",
       .formula = "g = (g_1 + ... + g_k) / k, k = steps, or what is left at the end of an epoch",
       .interactions =
           "Schedules count steps, so the rate moves on at batches without an update. BatchNorm looks at "
           "each batch alone. `average.ema`, `distill.self`, clipping and `optimizer.lookahead` count "
           "updates. `sparsify.dpf` and `sparsify.magnitude` renew their mask only at updates that fall on a "
           "multiple of its every, which can be rare. The optimizer's lr has to suit batch x `steps` images.",
       .wrapper = true,
       .neutral = {nlohmann::json::object({{"steps", 1}})},
       .counters = {"postponed"},
       .trial = {{"steps", 2}}},
      Fields<P>{}.add("steps", &P::steps, at_least(1), "batches an update"));
}

}  // namespace ablate::ingredients

#include "tests/train/probes.h"

#include <limits>

#include <ATen/ATen.h>

#include "ingredients/ingredient.h"

namespace ablate::test {
namespace {

class Poison final : public Ingredient {
 public:
  struct Params {
    int step = 0;
  };
  explicit Poison(const Params& p) : p_(p) {}
  void add_loss(const Step& step, Loss& loss) override {
    const bool now = step.at.global_step() == p_.step;
    loss.add("poison", 1, at::scalar_tensor(now ? std::numeric_limits<float>::infinity() : 0.0f));
  }

 private:
  Params p_;
};

class Idle final : public Ingredient {
 public:
  struct Params {};
  explicit Idle(const Params&) {}
  Counters counters() const override { return {{"acts", 0}}; }
};

class TrainedAlong final : public Ingredient {
 public:
  struct Params {};
  explicit TrainedAlong(const Params&) {}
  void begin(Setup& setup) override {
    own_ = &setup.train_along({{.name = "value", .shape = {1}, .kind = Kind::LinearWeight}});
  }
  void add_loss(const Step&, Loss& loss) override {
    loss.add("along", 1, (own_->at("value") - 3).square().sum());
  }
  Counters counters() const override { return {{"value", own_->trained().item<double>()}}; }

 private:
  Weights* own_ = nullptr;
};

class Again final : public Ingredient {
 public:
  struct Params {};
  explicit Again(const Params&) {}
  void wrap(Update& update, const std::function<void()>& gradients,
            const std::function<void()>& next) override {
    const auto before = update.sets[0].gradients.clone();
    gradients();
    same_ += at::equal(before, update.sets[0].gradients);
    next();
  }
  Counters counters() const override { return {{"same", same_}}; }

 private:
  double same_ = 0;
};

template <class T>
IngredientEntry probe(const std::string& name, Stage stage, Fields<typename T::Params> fields,
                      const std::vector<std::string>& counters) {
  IngredientHeader header;
  header.name = name;
  header.stage = stage;
  header.wrapper = stage == Stage::Update;
  header.counters = counters;
  return describe<T>(header, fields);
}

}  // namespace

const std::vector<IngredientEntry>& catalogue_with_probes() {
  static const auto all = [] {
    auto entries = ingredient_catalogue();
    entries.push_back(
        probe<Poison>("regularize.poison", Stage::Regularize,
                      Fields<Poison::Params>{}.add("step", &Poison::Params::step, at_least(0), "when"), {}));
    entries.push_back(probe<Idle>("regularize.idle", Stage::Regularize, {}, {"acts"}));
    entries.push_back(probe<TrainedAlong>("regularize.along", Stage::Regularize, {}, {"value"}));
    entries.push_back(probe<Again>("optimizer.again", Stage::Update, {}, {"same"}));
    return entries;
  }();
  return all;
}

}  // namespace ablate::test

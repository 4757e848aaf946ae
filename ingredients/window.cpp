#include "ingredients/window.h"

#include <cmath>

#include <fmt/format.h>

#include "ingredients/ingredient.h"

namespace ablate {
namespace {

struct Window {
  double from = 0, to = 1;

  static Window of(const nlohmann::json& settings, const std::array<double, 2>& fallback) {
    const auto given = settings.find("active");
    if (given == settings.end()) return {fallback[0], fallback[1]};
    return {given->at(0), given->at(1)};
  }
  bool whole() const { return from == 0 && to == 1; }
  bool holds(std::int64_t epoch, std::int64_t epochs) const {
    return epoch >= std::llround(from * double(epochs)) && epoch < std::llround(to * double(epochs));
  }
};

/// Passes on what is asked of it: what belongs to an epoch or a step only inside the window.
class Windowed final : public Ingredient {
 public:
  Windowed(std::unique_ptr<Ingredient> inner, Window window) : inner_(std::move(inner)), window_(window) {}

  void initialise(Weights& weights, const Graph& graph) override { inner_->initialise(weights, graph); }
  void begin(Setup& setup) override { inner_->begin(setup); }
  void group(ParameterSet& set) override { inner_->group(set); }
  void apply(Update& update) override { inner_->apply(update); }

  void plan_epoch(EpochPlan& plan, const Progress& at) override {
    acts_ = holds(at);  // for what is asked without saying where training stands
    if (acts_) inner_->plan_epoch(plan, at);
  }
  bool crops() const override { return acts_ && inner_->crops(); }
  void crop(Image& image, int size, const SampleAt& at) const override { inner_->crop(image, size, at); }
  bool augments() const override { return acts_ && inner_->augments(); }
  void augment(Image& image, const SampleAt& at) const override { inner_->augment(image, at); }

  void transform_batch(Batch& batch, const Progress& at) override {
    if (holds(at)) inner_->transform_batch(batch, at);
  }
  void plan_pass(Pass& pass, const Progress& at) override {
    if (holds(at)) inner_->plan_pass(pass, at);
  }
  void before_forward(Batch& batch, Student& student, const Pass& pass, const Progress& at) override {
    if (holds(at)) inner_->before_forward(batch, student, pass, at);
  }
  Undo perturb(Student& student, const Progress& at) override {
    return holds(at) ? inner_->perturb(student, at) : Undo();
  }
  std::optional<double> task_weight() const override { return acts_ ? inner_->task_weight() : std::nullopt; }
  std::optional<at::Tensor> task_loss(const Step& step) override {
    return holds(step.at) ? inner_->task_loss(step) : std::nullopt;
  }
  void add_loss(const Step& step, Loss& loss) override {
    if (holds(step.at)) inner_->add_loss(step, loss);
  }
  void after_backward(Update& update) override {
    if (holds(update.at)) inner_->after_backward(update);
  }
  void schedule(Rates& rates, const Progress& at) override {
    if (holds(at)) inner_->schedule(rates, at);
  }
  void wrap(Update& update, const std::function<void()>& gradients,
            const std::function<void()>& next) override {
    if (holds(update.at)) return inner_->wrap(update, gradients, next);
    next();
  }
  void after_step(Student& student, const Progress& at) override {
    if (holds(at)) inner_->after_step(student, at);
  }
  void after_epoch(EpochEnd& end) override {
    if (holds(end.at)) inner_->after_epoch(end);
  }

  const Weights* average() const override { return inner_->average(); }
  void deliver(Weights& weights) const override { inner_->deliver(weights); }
  std::optional<int> evaluation_size() const override { return inner_->evaluation_size(); }
  int statistics_batches() const override { return inner_->statistics_batches(); }
  void save(Archive& archive) const override { inner_->save(archive); }
  void load(const Archive& archive) override { inner_->load(archive); }
  Counters counters() const override { return inner_->counters(); }

 private:
  bool holds(const Progress& at) const { return window_.holds(at.epoch, at.epochs); }

  std::unique_ptr<Ingredient> inner_;
  Window window_;
  bool acts_ = true;
};

ParamInfo active_param(const std::array<double, 2>& fallback) {
  ParamInfo info;
  info.name = "active";
  info.type = ParamType::Real;
  info.list = true;
  info.fallback = fallback;
  info.range = each(between(0, 1), 2);
  info.doc = "the part of training in which it acts, from and to as shares of its epochs";
  if (fallback == std::array<double, 2>{0, 1}) info.source = "throughout";
  return info;
}

/// Why the window of these settings holds no epoch of this training.
std::vector<std::string> window_refusals(const Window& window, std::int64_t epochs) {
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch)
    if (window.holds(epoch, epochs)) return {};
  return {fmt::format("active [{}, {}] holds none of {} epochs: it would never act; widen it or train longer",
                      window.from, window.to, epochs)};
}

}  // namespace

IngredientEntry with_window(IngredientEntry entry) {
  if (!entry.no_window.empty()) return entry;
  entry.params.push_back(active_param(entry.window));
  entry.make = [make = std::move(entry.make), fallback = entry.window](const nlohmann::json& settings) {
    auto ingredient = make(settings);
    const auto window = Window::of(settings, fallback);
    if (window.whole()) return ingredient;
    return std::unique_ptr<Ingredient>(std::make_unique<Windowed>(std::move(ingredient), window));
  };
  entry.refuses = [own = std::move(entry.refuses), fallback = entry.window](const nlohmann::json& settings,
                                                                            const RecipeView& recipe) {
    auto reasons = window_refusals(Window::of(settings, fallback), recipe.epochs);
    if (!own) return reasons;
    const auto more = own(settings, recipe);
    reasons.insert(reasons.end(), more.begin(), more.end());
    return reasons;
  };
  return entry;
}

}  // namespace ablate

#include "harness/train/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "harness/core/problems.h"
#include "harness/execute/safetensors.h"
#include "harness/train/views.h"

namespace ablate::training {
namespace {

Graph student_graph(const Task& task, const Kit& kit) {
  Graph graph = build_backbone(task.recipe.at("backbone"), task.input());
  for (const auto& member : kit)
    if (member.entry->rewrite) member.entry->rewrite(member.settings, graph);
  return graph;
}

/// Fresh weights, or those of train.init as far as they fit.
Weights first_weights(const Graph& graph, const Task& task, const Kit& kit, const Request& request,
                      Log& log) {
  Weights weights = initial_weights(graph, task.seed);
  if (request.initial.empty()) {
    for (const auto& i : kit) i->initialise(weights, graph);
    return weights;
  }
  const auto report = load_weights(request.initial, weights);
  if (report.loaded.empty())
    throw Error(
        fmt::format("{}: has no tensor of this network\n{}", request.initial.string(), report.text()));
  log.say(fmt::format("weights from {}\n{}", request.initial.string(), report.text()));
  return weights;
}

/// What ingredients ask for before training starts.
class Wishes final : public Setup {
 public:
  Wishes(Training& training, const Member& member, const std::vector<int>& labels)
      : training_(training), member_(member), labels_(labels) {}

  const Graph& graph() const override { return training_.student->graph(); }
  int classes() const override { return training_.task.classes(); }
  const Progress& length() const override { return training_.at; }
  int batch() const override { return training_.task.train.batch; }
  const std::string& name() const override { return member_.name; }
  Stream stream(const std::string& purpose) const override {
    const auto fixed = draws_images(*member_.entry) ? image_seed(training_.kit) : std::nullopt;
    return {fixed.value_or(training_.task.seed), purpose};
  }
  const Weights& weights() const override { return training_.student->weights(); }
  const DataOptions& data() const override { return training_.task.options; }
  const std::vector<int>& labels() const override { return labels_; }
  void want_tap(const std::string& path) override {
    auto& taps = training_.taps;
    if (std::find(taps.begin(), taps.end(), path) == taps.end()) taps.push_back(path);
  }
  void want_views(int views) override { training_.views = std::max(training_.views, views); }
  void want_alike_crops() override { training_.alike_crops = true; }
  void keep_views(int views, int top) override { training_.teachers.keep_views(views, top); }
  void want_teacher(const TeacherRef& teacher, const std::vector<std::string>& taps) override {
    training_.teachers.want(teacher, taps);
  }
  Model& teacher(const TeacherRef& teacher) override { return training_.teachers.model(teacher); }
  Weights& train_along(const std::vector<StateEntry>& entries) override {
    return training_.along.emplace_back(Along{member_.id, Weights(entries, at::kFloat)}).weights;
  }

 private:
  Training& training_;
  const Member& member_;
  const std::vector<int>& labels_;
};

ParameterSet parameter_set(const std::string& name, Weights& weights, const Kit& kit) {
  weights.require_gradients();
  const auto segments = weights.segments().size();
  ParameterSet set{name,
                   weights.trained(),
                   weights.gradients(),
                   &weights.segments(),
                   std::vector<double>(segments, 1.0),
                   std::vector<double>(segments, 1.0)};
  for (const auto& i : kit) i->group(set);
  return set;
}

std::vector<int> labels_of(const PackedData& data) {
  std::vector<int> labels(data.size());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = data.label(i);
  return labels;
}

}  // namespace

bool has_variant(const RunGroup& group, const Variant& variant) {
  return !variant.of || variant.of->shared || std::ranges::count(group.averages, variant.of) != 0;
}

bool LossValues::finite() const {
  return std::isfinite(total);
}

void EpochSums::add(const LossValues& values, std::int64_t count) {
  images += count;
  loss += values.total * double(count);
  for (const auto& [name, value] : values.terms) terms[name] += value * double(count);
}

bool has_branches(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.branches.size() > 1; });
}

Training::Training(const Request& asked, const std::vector<IngredientEntry>& catalogue,
                   const nlohmann::json& environment, Log& log)
    : request(asked),
      task(read_task(asked)),
      kit(make_kit(asked, catalogue)),
      groups(group_runs(kit, asked)),
      teachers(asked, task),
      at{0, 0, task.epochs, task.steps_per_epoch},
      selections(groups.size()) {
  Graph graph = student_graph(task, kit);
  Weights weights = first_weights(graph, task, kit, request, log);
  student = std::make_unique<Network>(std::move(graph), std::move(weights), task.train,
                                      Normalisation(task.options.mean, task.options.std));
  const auto labels = labels_of(*task.data);
  for (auto& member : kit) {
    Wishes wishes(*this, member, labels);
    member->begin(wishes);
  }
  teachers.open(kit, views, environment, log);
  sets.push_back(parameter_set("student", student->weights(), kit));
  for (auto& part : along) sets.push_back(parameter_set(part.name, part.weights, kit));
}

Pass Training::pass() const {
  Pass pass;
  pass.training = true;
  pass.taps = taps;
  pass.seed = task.seed;
  pass.epoch = std::uint32_t(at.epoch);
  pass.step = std::uint64_t(at.step);
  for (const auto& i : kit) i->plan_pass(pass, at);
  return pass;
}

int Training::evaluation_size() const {
  for (const auto& i : kit)
    if (const auto size = i->evaluation_size()) return *size;
  return task.options.size;
}

const Variant& Training::reported(const RunGroup& group, const std::vector<Variant>& variants) const {
  for (const auto* average : group.averages)
    for (const auto& variant : variants)
      if (variant.of == average) return variant;
  return variants.front();
}

}  // namespace ablate::training

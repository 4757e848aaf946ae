#include "tests/ingredients/small_training.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/execute/safetensors.h"
#include "harness/train/task.h"

namespace ablate::test {
namespace {

const Input kInput{3, 16, 16, 4};

std::filesystem::path fresh_folder() {
  auto name = (std::filesystem::temp_directory_path() / "ablate-ingredients-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw Error("cannot make a folder in " + name);
  return name;
}

/// The recipe without passive ingredients: what the trajectory computes.
nlohmann::json trajectory_recipe(nlohmann::json recipe) {
  for (const auto& entry : ingredient_catalogue()) {
    const auto family = recipe.find(entry.family);
    if (!entry.passive || family == recipe.end()) continue;
    family->erase(entry.short_name);
    if (family->empty()) recipe.erase(family);
  }
  return recipe;
}

nlohmann::json spec_of(const nlohmann::json& recipe) {
  return {{"recipe", recipe}, {"seed", 1}, {"versions", nlohmann::json::object()}};
}

Graph graph_of(const nlohmann::json& recipe) {
  Graph graph = training::build_backbone(recipe.at("backbone"), kInput);
  for (const auto& entry : ingredient_catalogue())
    if (entry.rewrite && recipe.contains(entry.family) && recipe[entry.family].contains(entry.short_name))
      entry.rewrite(training::with_defaults(entry.params, recipe[entry.family][entry.short_name]), graph);
  return graph;
}

}  // namespace

std::map<std::string, at::Tensor> by_place(const Graph& graph,
                                           const std::map<std::string, at::Tensor>& by_name) {
  std::map<std::string, at::Tensor> placed;
  for (const auto& entry : graph.state())
    if (const auto found = by_name.find(entry.name); found != by_name.end())
      placed[graph.nodes[entry.node].path + "|" + entry.branch + "|" + std::to_string(entry.link) + "|" +
             std::to_string(int(entry.kind))] = found->second;
  EXPECT_EQ(placed.size(), by_name.size());
  return placed;
}

void expect_same_bits(const std::map<std::string, at::Tensor>& a,
                      const std::map<std::string, at::Tensor>& b) {
  ASSERT_FALSE(a.empty());
  EXPECT_EQ(a.size(), b.size());
  for (const auto& [place, tensor] : a) {
    ASSERT_TRUE(b.count(place)) << place;
    EXPECT_TRUE(at::equal(tensor, b.at(place))) << place;
  }
}

SmallTraining::SmallTraining()
    : root_(fresh_folder()),
      data_{{"size", 16}, {"classes", 4}, {"train", 32}, {"test", 12}, {"validation", 8}},
      teacher_backbone_{{"resnet", {{"depth", 8}}}} {
  pack_ = pack(*find_data("synthetic"), data_, root_).file;
  const auto weights = initial_weights(training::build_backbone(teacher_backbone_, kInput), 7);
  save_weights(root_ / "teacher.safetensors", weights);
  teacher_ = {{"weights", sha256(read_file(root_ / "teacher.safetensors"))}, {"backbone", teacher_backbone_}};
}

SmallTraining::~SmallTraining() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

nlohmann::json SmallTraining::recipe(const nlohmann::json& backbone) const {
  const auto empty = nlohmann::json::object();
  nlohmann::json recipe = {
      {"data", {{"synthetic", data_}}},         {"backbone", backbone},
      {"train", {{"epochs", 2}, {"batch", 8}}}, {"evaluate", {{"batch", 12}}},
      {"optimizer", {{"sgd", empty}}},          {"augment", {{"crop", {{"padding", 2}}}, {"flip", empty}}}};
  if (const char* executor = ::getenv("ABLATE_TEST_EXECUTOR")) recipe["train"]["executor"] = executor;
  return recipe;
}

nlohmann::json SmallTraining::with(nlohmann::json recipe, const IngredientEntry& entry,
                                   const nlohmann::json& given) const {
  if (find_family(entry.family)->arity != Arity::Any && !entry.wrapper) recipe.erase(entry.family);
  recipe[entry.family][entry.short_name] = complete(entry, given);
  recipe.update(entry.trial_beside);
  return recipe;
}

nlohmann::json SmallTraining::without(nlohmann::json recipe, const IngredientEntry& entry) const {
  if (recipe.contains(entry.family)) recipe[entry.family].erase(entry.short_name);
  recipe.update(entry.trial_beside);
  return recipe;
}

bool SmallTraining::applies(const IngredientEntry& entry, const nlohmann::json& backbone,
                            const nlohmann::json& given) const {
  if (!entry.rewrite) return true;
  Graph graph = training::build_backbone(backbone, kInput);
  return entry.rewrite(training::with_defaults(entry.params, given), graph) > 0;
}

nlohmann::json SmallTraining::complete(const IngredientEntry& entry, nlohmann::json given) const {
  for (const auto& param : entry.params)
    if (param.type == ParamType::Teacher && param.required)
      given[param.name] = param.list ? nlohmann::json::array({teacher_}) : teacher_;
  return given;
}

const nlohmann::json& SmallTraining::Result::reported() const {
  for (const auto& evaluation : evaluations)
    if (evaluation.at("reported") && evaluation.at("selected_by") == "last") return evaluation;
  throw Error("no evaluation is the reported one");
}

Request SmallTraining::request_for(const nlohmann::json& recipe) const {
  Request request;
  request.spec = spec_of(trajectory_recipe(recipe));
  request.trajectory = sha256(canonical(request.spec));
  request.runs = {{sha256(canonical(spec_of(recipe))), spec_of(recipe)}};
  request.data = pack_;
  request.teachers[canonical(teacher_)] = {.file = root_ / "teacher.safetensors",
                                           .backbone = teacher_backbone_};
  return request;
}

SmallTraining::Result SmallTraining::train(const nlohmann::json& recipe, const How& how) const {
  const auto folder = root_ / "runs" / std::to_string(folders_++);
  std::filesystem::create_directories(folder);
  auto request = request_for(recipe);
  const std::atomic<bool> stop = false;
  if (how.stop_after_steps > 0) {
    request.stop_after_steps = how.stop_after_steps;
    EXPECT_EQ(ablate::train(folder, request, stop, {}, how.catalogue).state, Outcome::State::Interrupted);
    request.stop_after_steps = 0;
  }
  const auto outcome = ablate::train(folder, request, stop, {}, how.catalogue);
  auto result = read(folder, recipe);
  result.outcome = outcome;
  return result;
}

SmallTraining::Result SmallTraining::read(const std::filesystem::path& folder,
                                          const nlohmann::json& recipe) const {
  Result result;
  for (auto line : read_journal(folder / "journal.jsonl")) {
    const auto type = line.at("type");
    if (type == "epoch") result.epochs.push_back(line.at("metrics"));
    if (type == "evaluation") {
      line.erase("runs");
      result.evaluations.push_back(line);
    }
    if (type == "counters") {
      result.counters = line.at("counters");
      for (const auto& of_run : line.at("run_counters")) result.counters.update(of_run);
      result.invalid = line.at("invalid");
    }
    if (type == "weights" && line.at("variant") == "raw" && line.at("selected_by") == "last") {
      std::map<std::string, at::Tensor> by_name;
      for (const auto& [name, tensor] : load_tensors(folder / line.at("file").get<std::string>()).tensors)
        by_name[name] = tensor;
      result.weights = by_place(graph_of(recipe), by_name);
    }
  }
  return result;
}

}  // namespace ablate::test

#include "tests/train/support.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <map>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/execute/safetensors.h"
#include "harness/train/task.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;

fs::path fresh_root() {
  auto name = (fs::temp_directory_path() / "ablate-train-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw Error("cannot make a folder in " + name);
  return name;
}

const nlohmann::json kTeacherBackbone{{"resnet", {{"depth", 8}}}};

nlohmann::json spec_of(const nlohmann::json& recipe) {
  return {{"recipe", recipe}, {"seed", 1}, {"versions", nlohmann::json::object()}};
}

}  // namespace

Workshop::Workshop()
    : root_(fresh_root()),
      data_{{"size", 16}, {"classes", 4}, {"train", 40}, {"test", 13}, {"validation", 8}} {
  const auto packed = pack(*find_data("synthetic"), data_, root_);
  pack_ = packed.file;
  data_["fingerprint"] = packed.fingerprint;
  const Graph graph = training::build_backbone(kTeacherBackbone, {3, 16, 16, 4});
  save_weights(root_ / "teacher.safetensors", initial_weights(graph, 7));
  teacher_ = {{"weights", sha256(read_file(root_ / "teacher.safetensors"))}, {"backbone", kTeacherBackbone}};
}

Workshop::~Workshop() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

nlohmann::json Workshop::recipe() const {
  return {{"data", {{"synthetic", data_}}},
          {"backbone", {{"resnet", {{"depth", 8}}}}},
          {"train", {{"epochs", 2}, {"batch", 8}}},
          {"evaluate", {{"batch", 5}}},
          {"optimizer", {{"sgd", {{"lr", 0.05}}}}},
          {"augment", {{"crop", {{"padding", 2}}}, {"flip", nlohmann::json::object()}}}};
}

nlohmann::json Workshop::distilled() const {
  auto distilled = recipe();
  distilled["distill"] = {{"logit", {{"teacher", teacher_}, {"temperature", 2.0}}}};
  return distilled;
}

Request Workshop::request(const nlohmann::json& recipe, const nlohmann::json& average) const {
  Request request;
  request.spec = spec_of(recipe);
  request.trajectory = sha256(canonical(request.spec));
  request.data = pack_;
  request.checkpoint_seconds = 0;
  request.teachers[canonical(teacher_)] = {.file = root_ / "teacher.safetensors",
                                           .backbone = kTeacherBackbone};
  add_run(request, average);
  return request;
}

void Workshop::add_run(Request& request, const nlohmann::json& average) const {
  auto spec = request.spec;
  if (!average.is_null()) spec["recipe"]["average"] = average;
  request.runs.push_back({sha256(canonical(spec)), spec});
}

fs::path Workshop::folder(const std::string& name) const {
  const auto folder = root_ / "runs" / name;
  fs::create_directories(folder);
  return folder;
}

Outcome train_in(const fs::path& folder, const Request& request,
                 const std::vector<IngredientEntry>& catalogue) {
  const std::atomic<bool> stop = false;
  return train(folder, request, stop, {{"commit", "none"}}, catalogue);
}

Outcome train_interrupted(const fs::path& folder, Request request, const std::vector<int>& steps) {
  for (const int count : steps) {
    request.stop_after_steps = count;
    EXPECT_EQ(train_in(folder, request).state, Outcome::State::Interrupted);
  }
  request.stop_after_steps = 0;
  return train_in(folder, request);
}

std::vector<nlohmann::json> lines_of(const fs::path& folder, const std::string& type) {
  std::vector<nlohmann::json> lines;
  for (const auto& line : read_journal(folder / "journal.jsonl"))
    if (line.at("type") == type) lines.push_back(line);
  return lines;
}

nlohmann::json facts_that_repeat(const fs::path& folder) {
  std::map<std::string, nlohmann::json> facts;
  for (auto line : read_journal(folder / "journal.jsonl")) {
    const std::string type = line.at("type");
    if (type == "begin" || type == "end") continue;
    line.erase("seconds");
    auto key = type;
    for (const auto* field : {"epoch", "selected_by", "variant", "runs"})
      if (line.contains(field)) key += " " + line[field].dump();
    facts[key] = line;
  }
  return facts;
}

std::string log_of(const fs::path& folder) {
  return read_file(folder / "log.txt");
}

}  // namespace ablate::test

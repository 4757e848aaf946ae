#include "harness/core/problems.h"
#include "harness/plan/plan.h"

namespace ablate {

using nlohmann::json;

namespace {

constexpr int kStoredVersion = 1;

json levels_json(const std::vector<std::pair<std::string, std::string>>& levels) {
  auto object = json::object();
  for (const auto& [factor, label] : levels) object[factor] = label;
  return object;
}

std::vector<std::pair<std::string, std::string>> levels_from(const json& object) {
  std::vector<std::pair<std::string, std::string>> levels;
  for (const auto& [factor, label] : object.items()) levels.emplace_back(factor, label.get<std::string>());
  return levels;
}

json stored_table(const Table& table) {
  return {{"title", table.title},     {"design", table.design}, {"columns", table.columns},
          {"factors", table.factors}, {"arms", table.arms},     {"at", levels_json(table.at)}};
}

json stored_arm(const Arm& arm) {
  return {{"table", arm.table},
          {"backbone", arm.backbone},
          {"label", arm.label},
          {"reference", arm.reference},
          {"levels", levels_json(arm.levels)},
          {"recipe", arm.recipe},
          {"seeds", arm.seeds},
          {"runs", arm.runs}};
}

json stored_run(const Run& run) {
  return {{"trajectory", run.trajectory},
          {"seed", run.seed},
          {"teacher", run.teacher},
          {"recipe", run.recipe},
          {"spec", run.spec}};
}

Table table_from(const json& stored) {
  Table table{.title = stored.at("title"), .design = stored.at("design"), .columns = stored.at("columns")};
  stored.at("factors").get_to(table.factors);
  stored.at("arms").get_to(table.arms);
  table.at = levels_from(stored.value("at", json::object()));
  return table;
}

Arm arm_from(const json& stored) {
  Arm arm{.table = stored.at("table"), .backbone = stored.at("backbone"), .label = stored.at("label")};
  arm.levels = levels_from(stored.at("levels"));
  arm.reference = stored.at("reference");
  arm.recipe = stored.at("recipe");
  stored.at("seeds").get_to(arm.seeds);
  stored.at("runs").get_to(arm.runs);
  return arm;
}

Run run_from(const std::string& key, const json& stored) {
  return {.key = key,
          .spec = stored.at("spec"),
          .recipe = stored.at("recipe"),
          .seed = stored.at("seed"),
          .trajectory = stored.at("trajectory"),
          .teacher = stored.at("teacher")};
}

}  // namespace

json to_json(const Plan& plan) {
  json stored{{"version", kStoredVersion}, {"name", plan.name},     {"title", plan.title},
              {"digest", plan.digest},     {"keep", plan.keep},     {"sweep", plan.sweep},
              {"tables", json::array()},   {"arms", json::array()}, {"runs", json::object()}};
  for (const auto& table : plan.tables) stored["tables"].push_back(stored_table(table));
  for (const auto& arm : plan.arms) stored["arms"].push_back(stored_arm(arm));
  for (const auto& [key, run] : plan.runs) stored["runs"][key] = stored_run(run);
  return stored;
}

Plan plan_from(const json& stored) {
  try {
    if (stored.at("version") != kStoredVersion) throw Error("the stored plan is of another version");
    Plan plan{.name = stored.at("name"),
              .title = stored.at("title"),
              .digest = stored.at("digest"),
              .keep = stored.at("keep")};
    plan.sweep = stored.at("sweep");
    for (const auto& table : stored.at("tables")) plan.tables.push_back(table_from(table));
    for (const auto& arm : stored.at("arms")) {
      plan.arms.push_back(arm_from(arm));
      for (const auto& key : plan.arms.back().runs) plan.pending |= key.empty();
    }
    for (const auto& [key, run] : stored.at("runs").items()) plan.runs[key] = run_from(key, run);
    return plan;
  } catch (const json::exception& error) {
    throw Error(std::string("the stored plan is damaged: ") + error.what());
  }
}

}  // namespace ablate

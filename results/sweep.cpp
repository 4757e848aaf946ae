#include "results/sweep.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/core/teacher_files.h"
#include "results/sql.h"

namespace ablate {
namespace {

using Json = nlohmann::json;
using sqlite::Any;
using sqlite::Database;

/// The rows of one family's entry: a row a parameter, or one with none.
void write_ingredient(Database& database, const std::string& run, const std::string& family,
                      const std::string& name, const Json& parameters) {
  auto& insert = database.prepared(sql::statement("insert_ingredient"));
  if (!parameters.is_object() || parameters.empty()) return insert.run(run, family, name, "", nullptr);
  for (const auto& [parameter, value] : parameters.items())
    insert.run(run, family, name, parameter, Any{value});
}

/// A reference to a teacher, as specs have it: {"run": key}, {"weights": digest, ...},
/// {"module": digest, ...} or {"outputs": digest}; "" for anything else.
std::string teacher_of(const Json& value) {
  if (!value.is_object()) return "";
  const auto at = [&](const char* kind) -> std::string {
    const auto id = value.find(kind);
    return id != value.end() && id->is_string() ? id->get<std::string>() : "";
  };
  auto teacher = at("run");
  for (const char* kind : kTeacherFiles)
    if (teacher.empty()) teacher = at(kind);
  return teacher;
}

void write_teachers(Database& database, const std::string& run, const Json& recipe) {
  auto& insert = database.prepared(sql::statement("insert_teacher"));
  for (const auto& [family, entries] : recipe.items()) {
    if (!entries.is_object()) continue;
    for (const auto& [name, parameters] : entries.items()) {
      if (!parameters.is_object()) continue;
      for (const auto& [parameter, value] : parameters.items())
        if (const auto teacher = teacher_of(value); !teacher.empty())
          insert.run(run, family + "." + name, teacher);
    }
  }
}

void write_runs(Database& database, std::int64_t sweep, const Json& runs) {
  for (const auto& [key, run] : runs.items()) {
    database.prepared(sql::statement("plan_run"))
        .run(key, run.at("trajectory").get<std::string>(), run.at("seed").get<std::int64_t>(),
             Any{run.at("spec")}, Any{run.at("recipe")});
    write_description(database, key, run.at("recipe"), run.at("spec"));
    if (const auto teacher = run.value("teacher", ""); !teacher.empty())
      database.prepared(sql::statement("insert_sweep_teacher")).run(sweep, teacher, key);
  }
}

void write_arm(Database& database, std::int64_t sweep, std::int64_t position, const Json& arm) {
  const auto id = database.prepared(sql::statement("insert_arm"))
                      .run_for_id(sweep, arm.at("table").get<std::int64_t>(), position,
                                  arm.at("backbone").get<std::string>(), arm.at("label").get<std::string>(),
                                  arm.at("reference").get<bool>(), Any{arm.at("recipe")});
  for (const auto& [factor, level] : arm.at("levels").items())
    database.prepared(sql::statement("insert_level")).run(id, factor, level.get<std::string>());
  const auto& seeds = arm.at("seeds");
  const auto& runs = arm.at("runs");
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const auto key = runs.at(i).get<std::string>();
    database.prepared(sql::statement("insert_sweep_run"))
        .run(id, seeds[i].get<std::int64_t>(), key.empty() ? std::nullopt : std::optional(key));
  }
}

void write_tables(Database& database, std::int64_t sweep, const Json& plan) {
  const auto& arms = plan.at("arms");
  std::int64_t position = 0;
  for (const auto& table : plan.at("tables")) {
    database.prepared(sql::statement("insert_table"))
        .run(sweep, position++, table.at("title").get<std::string>(), table.at("design").get<std::string>(),
             table.at("columns").get<std::string>(), Any{table.at("factors")});
    std::int64_t row = 0;
    for (const auto& arm : table.at("arms"))
      write_arm(database, sweep, row++, arms.at(arm.get<std::size_t>()));
  }
}

}  // namespace

void write_sweep(Database& database, const Json& plan) {
  try {
    if (plan.at("version") != 1)
      throw Error(fmt::format("version {} is not known here", plan.at("version").dump()));
    const std::string name = plan.at("name"), digest = plan.at("digest");
    database.prepared(sql::statement("forget_sweep")).run(name, digest);
    database.prepared(sql::statement("outdate_sweeps")).run(name);
    const auto id = database.prepared(sql::statement("insert_sweep"))
                        .run_for_id(name, digest, plan.at("title").get<std::string>(), Any{plan.at("sweep")});
    write_runs(database, id, plan.at("runs"));
    write_tables(database, id, plan);
  } catch (const Json::exception& e) {
    throw Error(fmt::format("the stored plan of sweep {} is not as it should be: {}",
                            plan.is_object() ? plan.value("name", "?") : "?", e.what()));
  }
}

void write_description(Database& database, const std::string& run, const Json& recipe, const Json& spec) {
  database.prepared(sql::statement("forget_ingredients")).run(run);
  database.prepared(sql::statement("forget_teachers")).run(run);
  for (const auto& [family, entries] : recipe.items()) {
    if (!entries.is_object()) continue;  // "off"
    if (family == "train" || family == "evaluate") {
      write_ingredient(database, run, family, "", entries);
      continue;
    }
    for (const auto& [name, parameters] : entries.items())
      write_ingredient(database, run, family, name, parameters);
  }
  if (const auto hashed = spec.find("recipe"); hashed != spec.end()) write_teachers(database, run, *hashed);
}

}  // namespace ablate

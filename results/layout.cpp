#include "results/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/core/teacher_files.h"
#include "results/sql.h"

namespace ablate {
namespace {

using Json = nlohmann::json;

Ledger::Rows ask(Ledger& ledger, const char* statement, const std::vector<Json>& parameters = {}) {
  return ledger.query(std::string(sql::statement(statement)), parameters);
}

void put_in_order(Layout& layout) {
  for (auto& table : layout.tables) {
    const auto place = [&](const auto& level) {
      return std::find(table.factors.begin(), table.factors.end(), level.first) - table.factors.begin();
    };
    for (auto& arm : table.arms)
      std::stable_sort(arm.levels.begin(), arm.levels.end(),
                       [&](const auto& a, const auto& b) { return place(a) < place(b); });
    std::stable_partition(table.arms.begin(), table.arms.end(),
                          [](const auto& arm) { return arm.reference; });
  }
}

/// Teachers whose weights were given have no run: only the sweep itself names them.
void add_given_teachers(Layout& layout) {
  if (const auto teachers = layout.given.find("teachers");
      teachers != layout.given.end() && teachers->is_object())
    for (const auto& [name, teacher] : teachers->items())
      if (teacher.is_object() &&
          std::ranges::any_of(kTeacherFiles, [&](const char* key) { return teacher.contains(key); }))
        layout.teachers.push_back({name, ""});
  std::stable_sort(layout.teachers.begin(), layout.teachers.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
}

Layout::Arm arm_of(const Json& json) {
  Layout::Arm arm{json.at("backbone"), json.at("label"), {}, json.at("reference"), json.at("recipe"), {}};
  for (const auto& [factor, level] : json.at("levels").items()) arm.levels.emplace_back(factor, level);
  for (std::size_t i = 0; i < json.at("seeds").size(); ++i)
    arm.runs.emplace_back(json.at("seeds")[i], json.at("runs").at(i));
  return arm;
}

std::string which_sweep(Ledger& ledger, const std::string& sweep) {
  std::vector<std::string> names;
  for (const auto& row : ask(ledger, "sweep names").rows) names.push_back(row[0]);
  if (names.empty()) throw Error("the ledger holds no sweep yet: `ablate run` puts one there");
  if (sweep.empty() && names.size() > 1)
    throw Error(fmt::format("the ledger holds several sweeps, name one of them: {}", fmt::join(names, ", ")));
  return sweep.empty() ? names.front() : sweep;
}

}  // namespace

std::vector<std::string> Layout::keys() const {
  std::set<std::string> keys;
  for (const auto& table : tables)
    for (const auto& arm : table.arms)
      for (const auto& [seed, key] : arm.runs) keys.insert(key);
  for (const auto& teacher : teachers) keys.insert(teacher.run);
  keys.erase("");
  return {keys.begin(), keys.end()};
}

Layout layout_of(const Json& plan) {
  try {
    Layout layout{plan.at("name"), plan.at("title"), plan.at("digest"), plan.at("sweep"), {}, {}};
    for (const auto& table : plan.at("tables")) {
      layout.tables.push_back(
          {table.at("title"), table.at("design"), table.at("columns"), table.at("factors"), {}});
      for (const auto& arm : table.at("arms"))
        layout.tables.back().arms.push_back(arm_of(plan.at("arms").at(arm.get<std::size_t>())));
    }
    for (const auto& [key, run] : plan.at("runs").items())
      if (const auto name = run.value("teacher", ""); !name.empty()) layout.teachers.push_back({name, key});
    add_given_teachers(layout);
    put_in_order(layout);
    return layout;
  } catch (const Json::exception& e) {
    throw Error(fmt::format("the plan to lay out is not as it should be: {}", e.what()));
  }
}

Layout stored_layout(Ledger& ledger, const std::string& sweep) {
  const auto wanted = which_sweep(ledger, sweep);
  const auto found = ask(ledger, "sweep by name or digest", {wanted}).rows;
  if (found.empty()) {
    std::vector<std::string> names;
    for (const auto& row : ask(ledger, "sweep names").rows) names.push_back(row[0]);
    throw Error(fmt::format("the ledger holds no sweep `{}`{}; it has: {}", wanted, suggestion(wanted, names),
                            fmt::join(names, ", ")));
  }
  const auto& row = found.front();
  Layout layout{row[1], row[2], row[3], Json::parse(row[4].get<std::string>()), {}, {}};
  for (const auto& table : ask(ledger, "tables of sweep", {row[0]}).rows)
    layout.tables.push_back({table[0], table[1], table[2], Json::parse(table[3].get<std::string>()), {}});
  for (const auto& values : ask(ledger, "arms of sweep", {row[0]}).rows) {
    Layout::Arm arm{values[1], values[2], {}, values[3] != 0, Json::parse(values[4].get<std::string>()), {}};
    const auto levels = Json::parse(values[5].get<std::string>()),
               runs = Json::parse(values[6].get<std::string>());
    for (const auto& [factor, level] : levels.items()) arm.levels.emplace_back(factor, level);
    for (const auto& run : runs)
      arm.runs.emplace_back(run[0], run[1].is_null() ? "" : run[1].get<std::string>());
    layout.tables.at(values[0]).arms.push_back(std::move(arm));
  }
  for (const auto& teacher : ask(ledger, "teachers of sweep", {row[0]}).rows)
    layout.teachers.push_back({teacher[0], teacher[1]});
  add_given_teachers(layout);
  put_in_order(layout);
  return layout;
}

}  // namespace ablate

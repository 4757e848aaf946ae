#include "tests/results/synthetic.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace ablate::synthetic {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "ablate-results-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Json spec(int seed) {
  return {{"recipe", {{"mix", {{"mixup", {{"alpha", 0.2}}}}}}}, {"seed", seed}};
}

Journal& Journal::begin(int attempt, Json resumed_at, Json environment) {
  Json listed = Json::array();
  for (const auto& key : runs) listed.push_back({{"key", key}, {"spec", spec(seed)}});
  lines.push_back({{"type", "begin"},
                   {"version", 1},
                   {"trajectory", trajectory},
                   {"spec", {{"seed", seed}}},
                   {"runs", listed},
                   {"attempt", attempt},
                   {"time", "2024-05-01T10:0" + std::to_string(attempt) + ":00Z"},
                   {"host", "node"},
                   {"pid", 100 + attempt},
                   {"environment", environment},
                   {"resumed_at", resumed_at}});
  return *this;
}

Journal& Journal::facts() {
  const auto cost = [](const char* form, int parameters, int macs) {
    return Json{{"form", form}, {"parameters", parameters}, {"macs", macs}, {"bytes", 4 * parameters}};
  };
  lines.push_back(
      {{"type", "facts"},
       {"parameters_training", 2'400'000},
       {"costs", {cost("training", 2'400'000, 95'000'000), cost("deployed", 2'236'682, 87'977'984)}}});
  return *this;
}

Journal& Journal::epoch(int epoch, Json metrics, Json run_metrics) {
  lines.push_back({{"type", "epoch"},
                   {"epoch", epoch},
                   {"metrics", metrics},
                   {"run_metrics", run_metrics},
                   {"seconds", 12.5},
                   {"images", 1000},
                   {"checkpoint", "checkpoint.safetensors"}});
  return *this;
}

Journal& Journal::evaluation(const std::string& variant, std::vector<std::string> of, double top1,
                             bool reported, Json more) {
  Json line{{"type", "evaluation"}, {"epoch", 2},   {"selected_by", "last"}, {"split", "test"},
            {"variant", variant},   {"runs", of},   {"reported", reported},  {"images", 16},
            {"top1", top1},         {"top5", 0.99}, {"loss", 0.5},           {"ece", 0.01},
            {"correct", "AYA="}};  // the bytes 01 80: images 0 and 15
  line.update(more);
  lines.push_back(line);
  return *this;
}

Journal& Journal::counters(Json counters, Json run_counters, Json invalid) {
  lines.push_back(
      {{"type", "counters"}, {"counters", counters}, {"run_counters", run_counters}, {"invalid", invalid}});
  return *this;
}

Journal& Journal::end(const std::string& state, const std::string& message) {
  lines.push_back({{"type", "end"},
                   {"state", state},
                   {"message", message},
                   {"epoch", 2},
                   {"step", 0},
                   {"time", "2024-05-01T11:00:00Z"},
                   {"seconds", 30.0},
                   {"peak_bytes", 1 << 20}});
  return *this;
}

Journal finished(const std::string& run, int seed, double top1) {
  Journal journal{run, {run}, {}, seed};
  journal.begin(1).facts().epoch(1, {{"train.loss", 2.0}}).epoch(2, {{"train.loss", 1.0}});
  return journal.evaluation("raw", {run}, top1).counters(Json::object()).end("done");
}

Plan::Plan(const std::string& name, const std::string& title)
    : json{{"version", 1},
           {"name", name},
           {"title", title},
           {"digest", name + "#"},
           {"keep", "last"},
           {"sweep", {{"name", name}, {"factors", Json::object()}}},
           {"tables", Json::array()},
           {"arms", Json::array()},
           {"runs", Json::object()}} {}

Plan& Plan::table(const std::string& title, Json factors, const std::string& columns) {
  json["tables"].push_back({{"title", title},
                            {"design", "one_at_a_time"},
                            {"columns", columns},
                            {"factors", factors},
                            {"arms", Json::array()}});
  return *this;
}

Plan& Plan::arm(const std::string& backbone, const std::string& label, Json levels, Json recipe,
                const std::string& run, std::vector<int> seeds) {
  const bool reference = levels.empty();
  Json keys = Json::array();
  for (int seed : seeds) {
    const auto key = run + "-" + std::to_string(seed);
    keys.push_back(key);
    json["runs"][key] = {
        {"trajectory", key}, {"seed", seed}, {"teacher", ""}, {"recipe", recipe}, {"spec", spec(seed)}};
  }
  json["tables"].back()["arms"].push_back(json["arms"].size());
  json["arms"].push_back({{"table", json["tables"].size() - 1},
                          {"backbone", backbone},
                          {"label", label},
                          {"levels", levels},
                          {"reference", reference},
                          {"recipe", recipe},
                          {"seeds", seeds},
                          {"runs", keys}});
  return *this;
}

Plan& Plan::teacher(const std::string& name, const std::string& run) {
  json["runs"][run] = {
      {"trajectory", run}, {"seed", 1}, {"teacher", name}, {"recipe", Json::object()}, {"spec", spec(1)}};
  return *this;
}

void write_lines(const std::filesystem::path& path, const std::vector<Json>& lines) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path);
  for (const auto& line : lines) file << line.dump() << '\n';
}

Json value(Ledger& ledger, const std::string& sql) {
  const auto rows = ledger.query(sql).rows;
  if (rows.size() != 1 || rows[0].size() != 1) throw std::runtime_error("not one value: " + sql);
  return rows[0][0];
}

}  // namespace ablate::synthetic

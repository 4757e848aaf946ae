#include "harness/run/requests.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/data/catalogue.h"
#include "harness/run/clock.h"
#include "harness/run/folder_state.h"

namespace ablate {
namespace {

bool holds_for(const nlohmann::json& line, const std::string& run) {
  const auto& runs = line.at("runs");
  return std::find(runs.begin(), runs.end(), run) != runs.end();
}

/// The variant that is the run's result, and the file of its weights, as the journal's last word has them.
struct Reported {
  std::string variant, file;
};

Reported reported_weights(const std::vector<nlohmann::json>& journal, const std::string& run) {
  Reported found;
  for (const auto& line : journal)
    if (line.value("type", "") == "evaluation" && line.value("reported", false) && holds_for(line, run))
      found.variant = line.at("variant");
  for (const auto& line : journal)
    if (line.value("type", "") == "weights" && line.value("variant", "") == found.variant &&
        line.value("selected_by", "last") == "last" && holds_for(line, run))
      found.file = line.at("file");
  return found;
}

/// Other runs need the weights of teachers, whatever is kept of the rest.
bool teaches(const Plan& plan, const Task& task) {
  const auto& runs = task.trajectory->runs;
  return std::any_of(runs.begin(), runs.end(),
                     [&](const auto& key) { return !plan.runs.at(key).teacher.empty(); });
}

TeacherSource source_from(const nlohmann::json& json) {
  return {.file = json.at("path").get<std::string>(),
          .outputs = json.value("outputs", false),
          .backbone = json.value("backbone", nlohmann::json()),
          .reparam = json.value("reparam", nlohmann::json()),
          .size = json.at("size"),
          .mean = json.at("mean"),
          .std = json.at("std")};
}

/// Makes the next attempt a new beginning: without its checkpoint, and without the last word of one that
/// diverged, which would be taken for the result.
void forget_the_past(const std::filesystem::path& folder) {
  for (const char* name : {"checkpoint.safetensors", "checkpoint.previous.safetensors"})
    std::filesystem::remove(folder / name);
  const auto file = folder / "journal.jsonl";
  if (state_of(read_journal(file)).state != State::Diverged) return;
  Journal(file).append(
      {{"type", "end"}, {"state", "interrupted"}, {"message", "to be tried again"}, {"time", utc_now()}});
}

}  // namespace

TeacherSource teacher_source(const Store& store, const Run& run) {
  const auto folder = store.run(run.trajectory);
  const auto reported = reported_weights(read_journal(folder / "journal.jsonl"), run.key);
  const auto file = folder / reported.file;
  if (reported.file.empty() || !std::filesystem::exists(file))
    throw Error(
        fmt::format("{}: the teacher's weights are not there any more; remove the folder to train it again",
                    folder.string()));
  const auto& data = run.recipe.at("data");
  const auto options = find_data(data.begin().key())->options(data.begin().value());
  return {.file = file,
          .backbone = run.recipe.at("backbone"),
          .reparam = run.recipe.value("reparam", nlohmann::json()),
          .size = options.size,
          .mean = options.mean,
          .std = options.std};
}

Request request_for(const Store& store, const Plan& plan, const Task& task, const std::filesystem::path& data,
                    const RequestOptions& options) {
  const auto& trajectory = *task.trajectory;
  Request request;
  request.trajectory = trajectory.key;
  request.spec = trajectory.spec;
  for (const auto& [key, spec] : task.runs) request.runs.push_back({key, spec});
  request.data = std::filesystem::absolute(data);
  for (const auto& [reference, source] : trajectory.file_teachers)
    request.teachers[reference] = source_from(source);
  for (const auto& run : trajectory.teachers)
    request.teachers[canonical({{"run", run}})] = teacher_source(store, plan.runs.at(run));
  request.teacher_cache = std::filesystem::absolute(store.teachers());
  request.teacher_cache_bytes = options.teacher_cache_bytes;
  request.initial = trajectory.init;
  request.threads = trajectory.threads;
  request.keep = teaches(plan, task) && options.keep == "none" ? "last" : options.keep;
  request.trial = options.trial;
  request.stop_after_steps = options.stop_after_steps;
  request.finish_after_steps = options.finish_after_steps;
  return request;
}

void write_request(const std::filesystem::path& folder, const Request& request, bool restart) {
  if (restart) forget_the_past(folder);
  write_file(folder / "spec.json", canonical(request.spec));
  write_file(folder / "request.json", to_json(request).dump(1) + "\n");
}

}  // namespace ablate

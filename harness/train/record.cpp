#include "harness/train/record.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "harness/core/canonical.h"
#include "harness/train/base64.h"
#include "harness/train/environment.h"
#include "harness/train/log.h"

namespace ablate::training {
namespace {

nlohmann::json runs_to_json(const std::vector<RequestedRun>& runs) {
  auto json = nlohmann::json::array();
  for (const auto& run : runs) json.push_back({{"key", run.key}, {"spec", run.spec}});
  return json;
}

std::int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t(usage.ru_maxrss) * 1024;
}

bool covers(const nlohmann::json& begin, const std::vector<RequestedRun>& runs) {
  std::set<std::string> keys;
  for (const auto& run : begin.at("runs")) keys.insert(run.at("key"));
  return std::all_of(runs.begin(), runs.end(), [&](const auto& run) { return keys.count(run.key) != 0; });
}

}  // namespace

Record::Record(const std::filesystem::path& folder, const Request& request)
    : folder_(folder),
      request_(request),
      earlier_(read_journal(folder / "journal.jsonl")),
      journal_(folder / "journal.jsonl"),
      started_(std::chrono::steady_clock::now()) {}

std::optional<Outcome> Record::earlier_end() const {
  const auto begin =
      std::find_if(earlier_.rbegin(), earlier_.rend(), [](const auto& l) { return l.at("type") == "begin"; });
  if (earlier_.empty() || begin == earlier_.rend() || !covers(*begin, request_.runs)) return std::nullopt;
  const auto& last = earlier_.back();
  if (last.at("type") != "end") return std::nullopt;
  const std::string state = last.at("state");
  if (state == "done") return Outcome{Outcome::State::Done, last.at("message")};
  if (state == "diverged") return Outcome{Outcome::State::Diverged, last.at("message")};
  return std::nullopt;
}

void Record::begin(const nlohmann::json& environment, const nlohmann::json& resumed_at) {
  const auto attempts =
      std::count_if(earlier_.begin(), earlier_.end(), [](const auto& l) { return l.at("type") == "begin"; });
  write("begin", {{"version", 1},
                  {"trajectory", request_.trajectory},
                  {"spec", request_.spec},
                  {"runs", runs_to_json(request_.runs)},
                  {"attempt", attempts + 1},
                  {"time", now()},
                  {"host", host_name()},
                  {"pid", ::getpid()},
                  {"environment", environment},
                  {"resumed_at", resumed_at}});
  journal_.sync();
  begun_ = true;
}

void Record::facts(nlohmann::json facts) {
  write("facts", std::move(facts));
}

void Record::epoch(const nlohmann::json& line) {
  journal_.append(line);
  journal_.sync();
}

void Record::repair(const std::vector<nlohmann::json>& epochs) {
  for (const auto& line : epochs)
    if (std::find(earlier_.begin(), earlier_.end(), line) == earlier_.end()) epoch(line);
}

void Record::evaluation(const Moment& moment, const std::string& split, const std::string& variant,
                        const std::vector<std::string>& runs, bool reported, const Scores& scores) {
  write("evaluation", {{"epoch", moment.epoch},
                       {"selected_by", moment.selected_by},
                       {"split", split},
                       {"variant", variant},
                       {"runs", runs},
                       {"reported", reported},
                       {"images", scores.images()},
                       {"top1", finite_or_text(scores.top1())},
                       {"top5", finite_or_text(scores.top5())},
                       {"loss", finite_or_text(scores.loss())},
                       {"ece", finite_or_text(scores.calibration_error())},
                       {"correct", to_base64(scores.correct())}});
}

void Record::weights(const Moment& moment, const std::string& variant, const std::vector<std::string>& runs,
                     bool reported, const std::string& file) {
  write("weights", {{"epoch", moment.epoch},
                    {"selected_by", moment.selected_by},
                    {"variant", variant},
                    {"runs", runs},
                    {"reported", reported},
                    {"file", file},
                    {"sha256", sha256(read_file(folder_ / file))}});
}

void Record::counters(const nlohmann::json& shared, const nlohmann::json& of_runs,
                      const nlohmann::json& invalid) {
  write("counters", {{"counters", shared}, {"run_counters", of_runs}, {"invalid", invalid}});
}

void Record::fail(const nlohmann::json& environment, const std::string& message) {
  if (!begun_) begin(environment, nullptr);
  end("failed", message, 0, 0);
}

void Record::end(const std::string& state, const std::string& message, int epoch, int step) {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started_;
  write("end", {{"state", state},
                {"message", message},
                {"epoch", epoch},
                {"step", step},
                {"time", now()},
                {"seconds", seconds.count()},
                {"peak_bytes", peak_bytes()}});
  journal_.sync();
}

void Record::write(const std::string& type, nlohmann::json line) {
  line["type"] = type;
  journal_.append(line);
}

}  // namespace ablate::training

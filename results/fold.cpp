#include "results/fold.h"

#include <fmt/format.h>

#include <limits>

#include "harness/core/problems.h"
#include "results/base64.h"

namespace ablate {
namespace {

using Json = nlohmann::json;

/// A number of a journal; those that are not finite are texts.
double number(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  }
  return value.get<double>();
}

double number_or_nan(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found == line.end() || found->is_null() ? std::numeric_limits<double>::quiet_NaN() : number(*found);
}

template <class T>
std::optional<T> maybe(const Json& line, const char* name) {
  const auto found = line.find(name);
  if (found == line.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

/// Calls back with every (key, value) of an object that may be absent.
template <class F>
void each(const Json& line, const char* name, F&& call) {
  const auto found = line.find(name);
  if (found == line.end()) return;
  for (const auto& [key, value] : found->items()) call(key, value);
}

class Folding {
 public:
  explicit Folding(Folded& folded) : folded_(folded) {}

  void take(const Json& line) {
    const auto& type = line.at("type").get_ref<const std::string&>();
    if (type == "begin")
      begin(line);
    else if (type == "facts")
      facts_ = line;
    else if (type == "epoch")
      epochs_[line.at("epoch").get<std::int64_t>()] = line;
    else if (type == "evaluation")
      evaluation(line);
    else if (type == "counters")
      counters_ = line;
    else if (type == "end")
      end(line);
  }

  /// What holds for all runs is spread over them once all of them are known.
  void finish(bool running) {
    for (auto& [epoch, line] : epochs_) spread_epoch(epoch, line);
    spread_facts();
    spread_counters();
    settle(running);
  }

 private:
  void begin(const Json& line) {
    if (line.at("version") != 1)
      throw Error(fmt::format("version {} is not known here", line.at("version").dump()));
    attempt_ = line.at("attempt");
    auto& attempt = folded_.attempts[attempt_] = {};
    attempt.started = line.at("time");
    attempt.host = maybe<std::string>(line, "host");
    attempt.pid = maybe<std::int64_t>(line, "pid");
    attempt.environment = line.value("environment", Json::object());
    for (const auto& run : line.at("runs")) {
      attempt.runs.push_back(run.at("key"));
      folded_.runs[run.at("key")].spec = run.at("spec");
    }
  }

  void end(const Json& line) {
    const auto found = folded_.attempts.find(attempt_);
    if (found == folded_.attempts.end()) throw Error("no begin before it");
    auto& attempt = found->second;
    attempt.state = line.at("state");
    attempt.ended = maybe<std::string>(line, "time");
    attempt.seconds = maybe<double>(line, "seconds");
    attempt.peak_bytes = maybe<std::int64_t>(line, "peak_bytes");
    attempt.message = maybe<std::string>(line, "message");
    if (attempt.message && attempt.message->empty()) attempt.message.reset();
  }

  void evaluation(const Json& line) {
    Folded::Evaluation evaluation;
    evaluation.reported = line.value("reported", false);
    evaluation.images = line.at("images");
    evaluation.top1 = number_or_nan(line, "top1");
    evaluation.top5 = number_or_nan(line, "top5");
    evaluation.loss = number_or_nan(line, "loss");
    evaluation.ece = number_or_nan(line, "ece");
    if (const auto text = maybe<std::string>(line, "correct")) {
      evaluation.correct = from_base64(*text);
      if (!evaluation.correct) throw Error("`correct` is not base64");
    }
    for (const auto& run : line.at("runs"))
      folded_.evaluations[{known(run), line.at("epoch"), line.at("selected_by"), line.at("split"),
                           line.at("variant")}] = evaluation;
  }

  const std::string& known(const std::string& key) const {
    const auto found = folded_.runs.find(key);
    if (found == folded_.runs.end()) throw Error(fmt::format("no `begin` lists the run {}", key));
    return found->first;
  }

  void spread_epoch(std::int64_t epoch, const Json& line) {
    for (const auto& [key, run] : folded_.runs) {
      each(line, "metrics", [&](const auto& name, const Json& value) {
        folded_.metrics[{key, epoch, name}] = number(value);
      });
      if (const auto seconds = maybe<double>(line, "seconds"))
        folded_.timings[{key, epoch}] = {*seconds, maybe<std::int64_t>(line, "images"),
                                         maybe<double>(line, "library_seconds")};
    }
    each(line, "run_metrics", [&](const auto& key, const Json& metrics) {
      for (const auto& [name, value] : metrics.items())
        folded_.metrics[{known(key), epoch, name}] = number(value);
    });
  }

  void spread_facts() {
    const auto costs = facts_.find("costs");
    if (costs == facts_.end()) return;
    for (const auto& cost : *costs)
      for (const auto& [key, run] : folded_.runs)
        folded_.costs[{key, cost.at("form")}] = {maybe<std::int64_t>(cost, "parameters"),
                                                 maybe<std::int64_t>(cost, "macs"),
                                                 maybe<std::int64_t>(cost, "bytes")};
  }

  void spread_counters() {
    each(counters_, "counters", [&](const auto& name, const Json& value) {
      for (const auto& [key, run] : folded_.runs) folded_.counters[{key, name}] = number(value);
    });
    each(counters_, "run_counters", [&](const auto& key, const Json& counters) {
      for (const auto& [name, value] : counters.items()) folded_.counters[{known(key), name}] = number(value);
    });
    each(counters_, "invalid",
         [&](const auto& key, const Json& reason) { folded_.runs.at(known(key)).invalid = reason; });
  }

  /// A run that finished stays finished when a later attempt, for another run of the trajectory, did not.
  void settle(bool running) {
    for (auto& [number, attempt] : folded_.attempts) {
      const bool last = number == folded_.attempts.rbegin()->first;
      if (attempt.state.empty()) attempt.state = last && running ? "running" : "crashed";
      for (const auto& key : attempt.runs) {
        auto& run = folded_.runs.at(key);
        if (run.outcome == "done" || run.outcome == "diverged") continue;
        run.outcome = attempt.state;
        run.message = attempt.message;
      }
    }
  }

  Folded& folded_;
  std::int64_t attempt_ = 0;
  std::map<std::int64_t, Json> epochs_;
  Json facts_ = Json::object(), counters_ = Json::object();
};

}  // namespace

Folded fold_journal(const std::string& trajectory, const std::vector<Json>& journal, bool running) {
  Folded folded;
  Folding folding(folded);
  const auto complain = [&](const std::string& where, const std::exception& e) {
    return Error(fmt::format("journal of trajectory {}: {}: {}", trajectory, where, e.what()));
  };
  for (std::size_t i = 0; i < journal.size(); ++i) {
    try {
      folding.take(journal[i]);
    } catch (const std::exception& e) {
      throw complain(fmt::format("line {}", i + 1), e);
    }
  }
  try {
    folding.finish(running);
  } catch (const std::exception& e) {
    throw complain("its values", e);
  }
  return folded;
}

}  // namespace ablate

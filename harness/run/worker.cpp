#include "harness/run/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/core/problems.h"
#include "harness/run/environment.h"
#include "harness/run/lock.h"
#include "harness/run/stop_signal.h"
#include "harness/train/trainer.h"
#include "ingredients/recipe.h"

namespace ablate {
namespace {

FolderLock take_or_adopt(const std::filesystem::path& folder, std::optional<int> descriptor) {
  if (descriptor) return FolderLock::adopt(*descriptor);
  auto lock = FolderLock::try_take(folder);
  if (!lock) throw Error(fmt::format("{}: another worker holds this folder", folder.string()));
  return std::move(*lock);
}

/// From here on, everything printed is kept beside what it is about.
void talk_to_log(const std::filesystem::path& folder) {
  const int file = open((folder / "log.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) throw Error(fmt::format("{}: cannot be written", (folder / "log.txt").string()));
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  close(file);
}

Request read_request(const std::filesystem::path& folder) {
  auto request = request_from(nlohmann::json::parse(read_file(folder / "request.json")));
  request.spec = nlohmann::json::parse(read_file(folder / "spec.json"));
  const auto key = sha256(canonical(request.spec));
  if (key != request.trajectory)
    throw Error(fmt::format("{}: the spec's key is {}, the request is for {}", folder.string(), key,
                            request.trajectory));
  return request;
}

/// This environment, marked when the trajectory goes on from a checkpoint that another one made.
nlohmann::json environment_for(const std::filesystem::path& folder, const nlohmann::json& spec) {
  const auto& recipe = spec.at("recipe");
  const auto train = train_fields().read(recipe.value("train", nlohmann::json::object()));
  auto here = environment(train.libtorch_threads());
  if (!std::filesystem::exists(folder / "checkpoint.safetensors")) return here;
  nlohmann::json first;
  for (const auto& line : read_journal(folder / "journal.jsonl"))
    if (line.value("type", "") == "begin" &&
        (first.is_null() || line.value("resumed_at", nlohmann::json()).is_null()))
      first = line;
  const auto there = first.is_null() ? here : first.value("environment", here);
  if (there.value("mixed", false) || !same_environment(there, here)) here["mixed"] = true;
  return here;
}

ExitStatus status_of(const Outcome& outcome) {
  return outcome.state == Outcome::State::Interrupted ? ExitStatus::Interrupted : ExitStatus::Done;
}

}  // namespace

ExitStatus work(const std::filesystem::path& folder, std::optional<int> lock_descriptor) {
  const auto lock = take_or_adopt(folder, lock_descriptor);
  lock.sign();
  talk_to_log(folder);
  const StopSignal stop([&lock] { lock.touch(); });
  const auto request = read_request(folder);
  return status_of(train(folder, request, stop.raised(), environment_for(folder, request.spec)));
}

}  // namespace ablate

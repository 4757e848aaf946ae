#include "harness/train/trainer.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include "harness/execute/threads.h"
#include "harness/train/batches.h"
#include "harness/train/checkpoint.h"
#include "harness/train/environment.h"
#include "harness/train/epoch_end.h"
#include "harness/train/finish.h"
#include "harness/train/record.h"
#include "harness/train/step.h"

namespace ablate {
namespace training {
namespace {

using Clock = std::chrono::steady_clock;

std::string divergence(const LossValues& loss, const Progress& at) {
  return fmt::format("loss is {} at epoch {}, step {}", loss.total, at.epoch + 1, at.step + 1);
}

Outcome run(Training& t, Record& record, Checkpoints& checkpoints, const std::atomic<bool>& stop) {
  const int limit = t.request.stop_after_steps;
  for (int steps = 0; t.at.epoch < t.at.epochs;) {
    if (!t.teachers.turn_to(t.at.epoch, stop))
      return {Outcome::State::Interrupted, "stopped before an epoch"};
    EpochBatches batches(t.task, t.kit, t.at, {t.views, t.alike_crops},
                         t.request.loader_threads);  // from t.at.step on
    for (; t.at.step < t.at.steps_per_epoch; ++t.at.step, ++steps) {
      const bool interrupted = stop || (limit > 0 && steps == limit);
      if (interrupted || checkpoints.due()) checkpoints.save(t);
      if (interrupted) return {Outcome::State::Interrupted, fmt::format("stopped after {} steps", steps)};

      const auto start = Clock::now();
      const auto library_start = t.student->library_seconds();
      Batch batch = batches.next();
      const auto loss = train_step(t, batch);
      if (!loss.finite()) return {Outcome::State::Diverged, divergence(loss, t.at)};
      t.sums.add(loss, std::int64_t(batch.ids.size()));
      t.sums.seconds += std::chrono::duration<double>(Clock::now() - start).count();
      t.sums.library_seconds += t.student->library_seconds() - library_start;
    }
    const auto line = end_epoch(t);
    checkpoints.save(t);
    record.epoch(line);
  }
  return {Outcome::State::Done, ""};
}

Outcome train_and_finish(const std::filesystem::path& folder, Training& t, Record& record, Log& log,
                         const nlohmann::json& environment, const std::atomic<bool>& stop) {
  Checkpoints checkpoints(folder, t.request.checkpoint_seconds, log);
  const bool resumed = checkpoints.resume(t);
  record.begin(environment,
               resumed ? nlohmann::json{{"epoch", t.at.epoch}, {"step", t.at.step}} : nlohmann::json());
  record.facts(facts_of(t));
  record.repair(t.finished);
  const auto outcome = run(t, record, checkpoints, stop);
  if (outcome.state == Outcome::State::Done) finish(t, folder, record);
  record.end(name_of(outcome.state), outcome.message, t.at.epoch, t.at.step);
  if (outcome.state != Outcome::State::Interrupted) checkpoints.remove();
  log.say(fmt::format("{} {}", name_of(outcome.state), outcome.message));
  return outcome;
}

std::string reason_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  return torch_error ? torch_error->what_without_backtrace() : error.what();
}

}  // namespace
}  // namespace training

const char* name_of(Outcome::State state) {
  switch (state) {
    case Outcome::State::Done:
      return "done";
    case Outcome::State::Diverged:
      return "diverged";
    default:
      return "interrupted";
  }
}

Outcome train(const std::filesystem::path& folder, const Request& request, const std::atomic<bool>& stop,
              const nlohmann::json& environment, const std::vector<IngredientEntry>& catalogue) {
  using namespace training;
  Log log(folder);
  Record record(folder, request);
  if (const auto ended = record.earlier_end()) {
    log.say(fmt::format("nothing to do: {} already", name_of(ended->state)));
    return *ended;
  }
  const auto settings =
      train_fields().read(request.spec.at("recipe").value("train", nlohmann::json::object()));
  set_kernel_threads(request.threads);
  const auto complete = complete_environment(environment, configure_process(settings.libtorch_threads()));
  try {
    const at::NoGradGuard no_gradients;
    Training t(request, catalogue, complete, log);
    return train_and_finish(folder, t, record, log, complete, stop);
  } catch (const std::exception& error) {
    log.say(fmt::format("failed: {}", reason_of(error)));
    record.fail(complete, reason_of(error));
    throw;
  }
}

}  // namespace ablate

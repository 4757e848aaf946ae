#include "harness/train/checkpoint.h"

#include <fmt/format.h>

#include "harness/core/problems.h"

namespace ablate::training {
namespace {

namespace fs = std::filesystem;

/// The file, or why it cannot be read.
std::optional<TensorFile> read_checkpoint(const fs::path& path, std::string& reason) {
  try {
    return load_tensors(path);
  } catch (const Error& error) {
    reason = error.what();
    return std::nullopt;
  }
}

}  // namespace

Checkpoints::Checkpoints(fs::path folder, int seconds, Log& log)
    : folder_(std::move(folder)), limit_(seconds), log_(log), last_(std::chrono::steady_clock::now()) {}

bool Checkpoints::due() const {
  return limit_.count() > 0 && std::chrono::steady_clock::now() - last_ >= limit_;
}

void Checkpoints::save(const Training& training) {
  const auto content = pack_state(training);
  std::error_code absent;  // the first time there is none to keep
  fs::rename(folder_ / kNewest, folder_ / kPrevious, absent);
  save_tensors(folder_ / kNewest, content);
  last_ = std::chrono::steady_clock::now();
}

bool Checkpoints::resume(Training& training) {
  for (const auto* name : {kNewest, kPrevious}) {
    if (!fs::exists(folder_ / name)) continue;
    if (resume_from(name, training)) return true;
  }
  return false;
}

bool Checkpoints::resume_from(const std::string& name, Training& training) {
  std::string reason;
  if (const auto file = read_checkpoint(folder_ / name, reason)) {
    const auto refusal = unpack_state(*file, training);
    if (!refusal) {
      log_.say(fmt::format("resumed from {}: {} of {} epochs, {} of {} steps", name, training.at.epoch,
                           training.at.epochs, training.at.step, training.at.steps_per_epoch));
      return true;
    }
    reason = *refusal;
  }
  const auto aside = fmt::format("aside-{}", name);
  fs::rename(folder_ / name, folder_ / aside);
  log_.say(fmt::format("{} cannot be used ({}): set aside as {}", name, reason, aside));
  return false;
}

void Checkpoints::remove() const {
  for (const auto* name : {kNewest, kPrevious}) fs::remove(folder_ / name);
}

}  // namespace ablate::training

#include "harness/run/orphans.h"

#include <csignal>

#include <fmt/format.h>

#include "harness/run/lock.h"

namespace ablate {
namespace {

using std::chrono::seconds;

/// When an orphan is reminded to stop, and when it is ended.
constexpr seconds kPatience{20}, kLastPatience{60};

}  // namespace

void Orphans::watch(const std::string& trajectory) {
  const auto holder = lock_holder(store_.run(trajectory));
  if (!holder || holder->host != host_name() || !alive(holder->process) || alive(holder->parent)) {
    seen_.erase(trajectory);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const auto [it, fresh] = seen_.try_emplace(trajectory, Seen{now});
  auto& seen = it->second;
  const auto name = fmt::format("worker {} of {}", holder->process.pid, trajectory.substr(0, 12));
  if (fresh) say_(fmt::format("{} outlived its coordinator: waiting for it to stop", name));
  if (seen.signals == 0 && now - seen.since > kPatience) {
    ++seen.signals;
    say_(fmt::format("{} goes on: telling it to stop", name));
    send_signal(holder->process, SIGTERM);
  } else if (seen.signals == 1 && now - seen.since > kLastPatience) {
    ++seen.signals;
    say_(fmt::format("{} does not stop: ending it", name));
    send_signal(holder->process, SIGKILL);
  }
}

}  // namespace ablate

#include "harness/run/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "harness/run/clock.h"

namespace ablate {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Epochs that trajectories still to be trained have before them.
std::int64_t epochs_left(const Schedule& schedule) {
  std::int64_t left = 0;
  for (const auto& task : schedule.tasks())
    if (task.ready || task.ours || task.state == State::Running)
      left += std::max<std::int64_t>(0, task.epochs - task.epoch);
  return left;
}

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1), begun_(Clock::now()) {}

void Progress::say(const std::string& line) {
  if (line_open_) fmt::print(stderr, "\r\033[K");
  line_open_ = false;
  fmt::print(stderr, "{}\n", line);
}

void Progress::event(const std::string& line) {
  if (!terminal_) say(line);
}

void Progress::epoch(std::int64_t images) {
  ++epochs_;
  images_ += images;
}

std::string Progress::summary(const Schedule& schedule) const {
  int runs = 0;
  std::string running;
  for (const auto& task : schedule.tasks()) {
    runs += int(task.trajectory->runs.size());
    if (task.ours || task.state == State::Running)
      running += fmt::format(" {} {}/{}", task.trajectory->key.substr(0, 6), task.epoch, task.epochs);
  }
  const int done = schedule.runs_in(State::Done) + schedule.runs_in(State::Diverged);
  auto line = fmt::format("{}/{} runs", done, runs);
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  if (epochs_ > 0)
    line += fmt::format(", {:.0f} img/s, {} left", double(images_) / seconds,
                        spoken_seconds(seconds / double(epochs_) * double(epochs_left(schedule))));
  return running.empty() ? line : line + " |" + running;
}

void Progress::show(const Schedule& schedule) {
  const auto now = Clock::now();
  if (!terminal_ || now - shown_ < std::chrono::seconds(1)) return;
  shown_ = now;
  fmt::print(stderr, "\r{}\033[K", summary(schedule).substr(0, terminal_width() - 1));
  std::fflush(stderr);
  line_open_ = true;
}

void Progress::finish() {
  if (line_open_) fmt::print(stderr, "\r\033[K");
  line_open_ = false;
}

}  // namespace ablate

#pragma once

#include <chrono>
#include <map>
#include <string>

#include "harness/run/schedule.h"

namespace ablate {

/// What a coordinator tells people on stderr: on a terminal one line that is refreshed, else a line an event.
class Progress {
 public:
  Progress();

  /// Worth a line of its own in any case: failures, what is odd, the end.
  void say(const std::string& line);
  /// Worth a line only where no line is refreshed: starts and ends.
  void event(const std::string& line);
  /// Refreshes the line, at most once a second.
  void show(const Schedule& schedule);
  /// A worker has finished an epoch of so many images.
  void epoch(std::int64_t images);
  void finish();

 private:
  std::string summary(const Schedule& schedule) const;

  const bool terminal_;
  const std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point shown_;
  std::int64_t epochs_ = 0, images_ = 0;
  bool line_open_ = false;
};

}  // namespace ablate

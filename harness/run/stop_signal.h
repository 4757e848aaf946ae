#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace ablate {

/// Turns SIGTERM and SIGINT into a flag: the first one raises it, the second one ends the process at once
/// with exit status 5. Make it before any other thread, so that all of them leave the signals to it.
class StopSignal {
 public:
  /// `every_so_often` is called every few seconds from a thread of its own.
  explicit StopSignal(std::function<void()> every_so_often);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>& raised() const { return raised_; }

 private:
  void watch(const std::function<void()>& every_so_often);

  std::atomic<bool> raised_{false}, over_{false};
  std::thread thread_;
};

}  // namespace ablate

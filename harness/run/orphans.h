#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "harness/run/store.h"

namespace ablate {

/// Workers whose coordinator is gone but that still hold a folder. They are told to stop by the system, so
/// they are waited for; one that goes on all the same is ended, known by its pid and start time.
class Orphans {
 public:
  Orphans(const Store& store, std::function<void(const std::string&)> say)
      : store_(store), say_(std::move(say)) {}

  /// Looks after a folder that somebody else holds. Call it every second or so.
  void watch(const std::string& trajectory);

 private:
  struct Seen {
    std::chrono::steady_clock::time_point since;
    int signals = 0;
  };
  Store store_;
  std::function<void(const std::string&)> say_;
  std::map<std::string, Seen> seen_;
};

}  // namespace ablate

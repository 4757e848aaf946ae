#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/train/kit.h"
#include "harness/train/task.h"
#include "harness/train/teacher_cache.h"

namespace ablate::training {

/// The teachers that ingredients asked for. Each sees exactly the pixels of the batch, at its own size and
/// with its own normalisation, in evaluation mode and without gradients.
class Teachers {
 public:
  Teachers(const Request& request, const Task& task) : request_(request), task_(task) {}

  /// Read on first use. Throws Error when the request has no such teacher or its weights do not fit.
  Model& model(const TeacherRef& teacher);
  /// From now on `answer` asks it.
  void want(const TeacherRef& teacher, const std::vector<std::string>& taps);
  /// Once all wishes are known: looks up outputs instead of computing them, where the request names a cache.
  void open_caches(const Kit& kit, int views, const nlohmann::json& environment);
  /// By canonical text of the reference.
  std::map<std::string, Output> answer(const Batch& batch, const Progress& at) const;

 private:
  struct Teacher {
    std::unique_ptr<Model> model;
    bool wanted = false;
    std::vector<std::string> taps;
    std::optional<TeacherCache> cache;
  };
  const TeacherSource& source_of(const std::string& name) const;

  const Request& request_;
  const Task& task_;
  std::map<std::string, Teacher> teachers_;
};

}  // namespace ablate::training

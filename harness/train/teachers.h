#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/train/kit.h"
#include "harness/train/log.h"
#include "harness/train/task.h"
#include "harness/train/teacher_cache.h"
#include "harness/train/view_outputs.h"

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
  /// Training shows so many fixed views of each image in turn: of each, the `top` largest outputs are kept.
  void keep_views(int views, int top) { kept_ = {views, top}; }
  /// Once all wishes are known: looks up outputs instead of computing them, where the request names a cache.
  /// Throws Error when a teacher of stored outputs does not fit.
  void open(const Kit& kit, int views, const nlohmann::json& environment, Log& log);
  /// Before an epoch: has the outputs of its view at hand. False when it was told to stop.
  bool turn_to(int epoch, const std::atomic<bool>& stop);
  /// By canonical text of the reference.
  std::map<std::string, Output> answer(const Batch& batch, const Progress& at) const;

 private:
  struct Teacher {
    std::unique_ptr<Model> model;
    bool wanted = false;
    std::vector<std::string> taps;
    std::shared_ptr<KeptWeights> kept = std::make_shared<KeptWeights>();
    std::optional<TeacherCache> cache;
    std::optional<StoredTeacher> stored;
  };
  struct KeptViews {
    int views = 0, top = 0;
  };
  const TeacherSource& source_of(const std::string& name) const;
  MakeView views_of(const std::string& name, Model* model, const Kit& kit,
                    const nlohmann::json& environment) const;
  bool has_room_for(const std::string& key, int views, Log& log) const;
  at::Tensor logits_of(const Teacher& teacher, const Batch& batch, const Progress& at,
                       const std::function<Output()>& ask) const;

  const Request& request_;
  const Task& task_;
  std::map<std::string, Teacher> teachers_;
  KeptViews kept_;
};

}  // namespace ablate::training

#include "harness/train/teachers.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/train/teacher_models.h"

namespace ablate::training {
namespace {

/// Everything that fixes the pixels of every step and what a teacher makes of them.
std::string cache_key(const std::string& teacher, const TeacherSource& source, const Task& task,
                      const Kit& kit, int views, const nlohmann::json& environment) {
  auto pixels = nlohmann::json::object();
  for (const auto& member : kit) {
    const auto stage = member.entry->stage;
    if (stage <= Stage::Mix && stage != Stage::Graph && stage != Stage::Target)
      pixels[member.name] = {{"settings", member.settings}, {"version", member.entry->version}};
  }
  return sha256(canonical({{"teacher", nlohmann::json::parse(teacher)},
                           {"size", source.size},
                           {"mean", source.mean},
                           {"std", source.std},
                           {"data", task.recipe.at("data")},
                           {"fingerprint", task.data->fingerprint()},
                           {"pixels", pixels},
                           {"views", views},
                           {"seed", task.seed},
                           {"epochs", task.epochs},
                           {"steps", task.steps_per_epoch},
                           {"batch", task.train.batch},
                           {"drop_last", task.train.drop_last},
                           {"executor", task.train.executor},
                           {"threads", task.train.threads},
                           {"trainer", kTrainerVersion},
                           {"libtorch", environment.value("libtorch", "")},
                           {"isa", environment.value("isa", "")}}));
}

}  // namespace

const TeacherSource& Teachers::source_of(const std::string& name) const {
  const auto source = request_.teachers.find(name);
  if (source == request_.teachers.end())
    throw Error(fmt::format("the request does not say where teacher {} lies", name));
  return source->second;
}

Model& Teachers::model(const TeacherRef& teacher) {
  const auto name = canonical(teacher.id);
  auto& known = teachers_[name];
  if (!known.model) known.model = load_teacher(source_of(name), task_);
  return *known.model;
}

void Teachers::want(const TeacherRef& teacher, const std::vector<std::string>& taps) {
  model(teacher);
  auto& known = teachers_[canonical(teacher.id)];
  known.wanted = true;
  for (const auto& tap : taps)
    if (std::find(known.taps.begin(), known.taps.end(), tap) == known.taps.end()) known.taps.push_back(tap);
}

void Teachers::open_caches(const Kit& kit, int views, const nlohmann::json& environment) {
  if (request_.teacher_cache.empty()) return;
  for (auto& [name, teacher] : teachers_)
    if (teacher.taps.empty())
      teacher.cache.emplace(request_.teacher_cache /
                            cache_key(name, source_of(name), task_, kit, views, environment));
}

std::map<std::string, Output> Teachers::answer(const Batch& batch, const Progress& at) const {
  std::map<std::string, Output> answers;
  for (const auto& [name, teacher] : teachers_) {
    if (!teacher.wanted) continue;
    Pass pass;
    pass.taps = teacher.taps;
    const auto ask = [&, &model = *teacher.model] { return model.forward(batch.images, pass); };
    if (!teacher.cache) {
      answers[name] = ask();
      continue;
    }
    const std::int64_t classes = task_.classes();
    const TeacherCache::Place place{at.epoch, at.step,
                                    std::int64_t(batch.views) * task_.train.batch * classes};
    answers[name].logits =
        teacher.cache->get(place, {batch.images.size(0), classes}, [&] { return ask().logits; });
  }
  return answers;
}

}  // namespace ablate::training

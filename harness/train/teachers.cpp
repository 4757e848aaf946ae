#include "harness/train/teachers.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/train/batches.h"
#include "harness/train/cache_budget.h"
#include "harness/train/teacher_models.h"
#include "harness/train/views.h"

namespace ablate::training {
namespace {

/// What fixes what a teacher makes of given pixels.
nlohmann::json eyes_of(const std::string& teacher, const TeacherSource& source, const Task& task,
                       const nlohmann::json& environment) {
  return {{"teacher", nlohmann::json::parse(teacher)},
          {"size", source.size},
          {"mean", source.mean},
          {"std", source.std},
          {"executor", task.train.executor},
          {"threads", task.train.libtorch_threads()},
          {"trainer", kTrainerVersion},
          {"libtorch", environment.value("libtorch", "")},
          {"isa", environment.value("isa", "")},
          {"kernels", environment.value("kernels", "")}};
}

/// Everything that fixes the pixels of every step and what a teacher makes of them.
std::string cache_key(const std::string& teacher, const TeacherSource& source, const Task& task,
                      const Kit& kit, int views, const nlohmann::json& environment) {
  auto pixels = nlohmann::json::object();
  for (const auto& member : kit) {
    const auto stage = member.entry->stage;
    if (stage <= Stage::Mix && stage != Stage::Graph && stage != Stage::Target)
      pixels[member.name] = {{"settings", member.settings}, {"version", member.entry->version}};
  }
  auto all = eyes_of(teacher, source, task, environment);
  all.update({{"data", task.recipe.at("data")},
              {"fingerprint", task.data->fingerprint()},
              {"pixels", pixels},
              {"views", views},
              {"seed", task.seed},
              {"epochs", task.epochs},
              {"steps", task.steps_per_epoch},
              {"batch", task.train.batch},
              {"drop_last", task.train.drop_last}});
  return sha256(canonical(all));
}

/// Images that a teacher is shown at once when it looks at whole views: fixed, for its bits depend on it.
constexpr int kTeachersBatch = 64;

/// Everything that fixes what a teacher says of the views, but for their number.
std::string views_key(const std::string& teacher, const TeacherSource& source, const Task& task,
                      const nlohmann::json& description, int top, const nlohmann::json& environment) {
  auto all = eyes_of(teacher, source, task, environment);
  all.update({{"data_mean", task.options.mean},
              {"data_std", task.options.std},
              {"views", description},
              {"top", top}});
  return sha256(canonical(all));
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
  const auto name = canonical(teacher.id);
  if (!source_of(name).outputs || !taps.empty()) model(teacher);
  auto& known = teachers_[name];
  known.wanted = true;
  for (const auto& tap : taps)
    if (std::find(known.taps.begin(), known.taps.end(), tap) == known.taps.end()) known.taps.push_back(tap);
}

bool Teachers::has_room_for(const std::string& key, int views, Log& log) const {
  const auto images = std::int64_t(task_.epochs) * task_.steps_per_epoch * task_.train.batch * views;
  const auto needed = images * task_.classes() * std::int64_t(sizeof(float));
  const auto budget = request_.teacher_cache_bytes;
  if (make_room(request_.teacher_cache, key, needed, budget)) return true;
  log.say(fmt::format("a teacher's outputs take {:.1f} GB and may take {:.1f}: it is asked at every step",
                      double(needed) / 1e9, double(budget) / 1e9));
  return false;
}

void Teachers::open(const Kit& kit, int views, const nlohmann::json& environment, Log& log) {
  for (auto& [name, teacher] : teachers_) {
    if (!teacher.wanted || !teacher.taps.empty()) continue;
    // A trial is over before a whole view would be of use: the batch at hand is enough.
    if (kept_.views > 0 && (!request_.trial || source_of(name).outputs))
      teacher.stored.emplace(task_.parts.train, task_.classes(),
                             views_of(name, teacher.model.get(), kit, environment));
    else if (kept_.views == 0 && source_of(name).outputs)
      throw Error(fmt::format("{}: holds what a teacher says of fixed views; switch curriculum.reinforced on",
                              source_of(name).file.string()));
    else if (kept_.views == 0 && !request_.teacher_cache.empty()) {
      const auto key = cache_key(name, source_of(name), task_, kit, views, environment);
      if (has_room_for(key, views, log)) teacher.cache.emplace(request_.teacher_cache / key);
    }
  }
}

MakeView Teachers::views_of(const std::string& name, Model* model, const Kit& kit,
                            const nlohmann::json& environment) const {
  const auto& source = source_of(name);
  const auto description = describe_views(task_, kit);
  if (source.outputs) return read_from(source.file, description, kept_.views, task_.classes());
  MakeView make = [this, model, &kit](int view, const std::atomic<bool>& stop) -> std::optional<ViewOutputs> {
    std::vector<ViewOutputs> parts;
    Pass pass;
    pass.kept = std::make_shared<KeptWeights>();
    const PlainBatches how{task_.options.size, kTeachersBatch, request_.loader_threads};
    each_of_view(task_, kit, view, how, [&](const ByteBatch& bytes) {
      const auto images = to_batch(bytes, task_.classes()).images;
      parts.push_back(condensed(model->forward(images, pass).logits, kept_.top));
      return !stop;
    });
    if (stop) return std::nullopt;
    return joined(parts);
  };
  if (request_.teacher_cache.empty()) return make;
  const auto key = views_key(name, source, task_, description, kept_.top, environment);
  return stored_in(request_.teacher_cache / key, std::move(make));
}

bool Teachers::turn_to(int epoch, const std::atomic<bool>& stop) {
  return std::ranges::all_of(teachers_, [&](auto& known) {
    auto& stored = known.second.stored;
    return !stored || stored->turn_to(epoch % kept_.views, stop);
  });
}

at::Tensor Teachers::logits_of(const Teacher& teacher, const Batch& batch, const Progress& at,
                               const std::function<Output()>& ask) const {
  if (teacher.stored) return teacher.stored->logits(batch.ids);
  if (kept_.views > 0) return restored_logits(condensed(ask().logits, kept_.top), task_.classes());
  const std::int64_t classes = task_.classes();
  const TeacherCache::Place place{at.epoch, at.step, std::int64_t(batch.views) * task_.train.batch * classes};
  return teacher.cache->get(place, {batch.images.size(0), classes}, [&] { return ask().logits; });
}

std::map<std::string, Output> Teachers::answer(const Batch& batch, const Progress& at) const {
  std::map<std::string, Output> answers;
  for (const auto& [name, teacher] : teachers_) {
    if (!teacher.wanted) continue;
    Pass pass;
    pass.taps = teacher.taps;
    pass.kept = teacher.kept;
    const auto ask = [&, &model = teacher.model] { return model->forward(batch.images, pass); };
    const bool computed = !teacher.taps.empty() || (kept_.views == 0 && !teacher.cache);
    if (computed)
      answers[name] = ask();
    else
      answers[name].logits = logits_of(teacher, batch, at, ask);
  }
  return answers;
}

}  // namespace ablate::training

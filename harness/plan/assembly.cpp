#include "harness/plan/assembly.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical.h"
#include "harness/core/teacher_files.h"

namespace ablate {

using nlohmann::json;

namespace {

std::string path_setting(const ResolvedRecipe& resolved) {
  for (const auto& param : resolved.data->params)
    if (param.type == ParamType::Path) {
      const auto& value = resolved.data_settings().at(param.name);
      if (value.is_string()) return value.get<std::string>();
    }
  return "";
}

/// A student learns what a teacher says of its own classes, and what a teacher said of fixed views only when
/// shown these. What only the images can tell is found out when the teacher's file is read.
void check_student(const ResolvedRecipe& student, const Teacher& teacher, const TeacherUse& use,
                   Problems& problems) {
  const auto reinforced = [](const UsedIngredient& used) {
    return used.entry->name == "curriculum.reinforced";
  };
  if (teacher.declaration->outputs && std::ranges::none_of(student.used, reinforced))
    problems.error(use.place, fmt::format("the teacher '{}' has stored outputs for fixed views: switch "
                                          "curriculum.reinforced on, which shows them",
                                          use.name));
  const auto ours = student.data->facts(student.data_settings()).classes;
  const auto& resolved = teacher.resolved;
  const auto theirs = resolved.data->facts(resolved.data_settings()).classes;
  if (ours && theirs && *ours != *theirs)
    problems.error(use.place,
                   fmt::format("the teacher '{}' knows {} classes and its student {}: they must be "
                               "the same",
                               use.name, *theirs, *ours));
}

/// A teacher looks for itself: what differs from the data set's own is part of what it computes.
void describe_eyes(const ResolvedRecipe& resolved, json& id, json& source) {
  const auto own = resolved.data->options(json::object()),
             options = resolved.data->options(resolved.data_settings());
  source["size"] = options.size;
  source["mean"] = options.mean;
  source["std"] = options.std;
  if (source.at("outputs")) return;  // it looked elsewhere
  if (options.size != own.size) id["size"] = options.size;
  if (options.mean != own.mean) id["mean"] = options.mean;
  if (options.std != own.std) id["std"] = options.std;
}

/// The references {"run": key} in a spec.
void collect_runs(const json& value, std::vector<std::string>& keys) {
  if (!value.is_structured()) return;
  if (value.is_object() && value.size() == 1 && value.contains("run") && value["run"].is_string()) {
    const auto key = value["run"].get<std::string>();
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
  for (const auto& item : value) collect_runs(item, keys);
}

/// The references to files that a spec holds, by canonical text.
void collect_files(const json& value, const std::map<std::string, json>& known,
                   std::map<std::string, json>& found) {
  if (!value.is_structured()) return;
  const auto names_it = [&](const char* key) { return value.contains(key); };
  if (value.is_object() && std::ranges::any_of(kTeacherFiles, names_it))
    if (const auto entry = known.find(canonical(value)); entry != known.end()) found.insert(*entry);
  for (const auto& item : value) collect_files(item, known, found);
}

}  // namespace

DataIdentity Assembly::ask(const ResolvedRecipe& resolved) {
  const auto path = path_setting(resolved);
  DataIdentity identity;
  std::string reason;
  try {
    if (world_.data) identity = world_.data(resolved.data->name, resolved.data_settings());
  } catch (const Error& error) {
    reason = error.what();
  }
  if (!identity.fingerprint.empty()) return identity;
  if (reason.empty() && !path.empty() && !std::filesystem::exists(path))
    reason = fmt::format("there is no {}", path);
  if (!reason.empty())
    resolver_.missing(resolved.data_place, fmt::format("data.{}: {}", resolved.data->name, reason),
                      problems_);
  return identity;
}

std::string Assembly::fingerprint(const ResolvedRecipe& resolved) {
  if (!resolved.data_located) return "";
  const auto id = resolved.data->name + canonical(resolved.data_settings());
  if (const auto known = fingerprints_.find(id); known != fingerprints_.end()) return known->second;
  const auto identity = ask(resolved);
  const bool classes_known = identity.classes || resolved.data->facts(resolved.data_settings()).classes;
  return fingerprints_[id] = classes_known ? identity.fingerprint : "";
}

Identities Assembly::identify(const ResolvedRecipe& resolved, std::uint64_t seed) {
  Identities identities;
  identities.fingerprint = fingerprint(resolved);
  identities.pending = identities.fingerprint.empty();
  if (const auto init = resolved.init(); !init.empty() && resolved.init_located) {
    identities.init = world_.weights_digest ? world_.weights_digest(init) : "";
    if (identities.init.empty())
      resolver_.missing(resolved.init_place, fmt::format("cannot read the weights {}", init), problems_);
  }
  identities.pending |= !resolved.init().empty() && identities.init.empty();
  for (const auto& use : resolved.teachers) {
    const auto* teacher = teachers_.find(use.name, resolved);
    if (!teacher) continue;
    check_student(resolved, *teacher, use, problems_);
    const auto& known = reference(*teacher, seed);
    identities.teachers[use.name] = known.id;
    identities.versions.insert(known.versions.begin(), known.versions.end());
    identities.pending |= known.pending;
  }
  return identities;
}

const Assembly::Reference& Assembly::reference(const Teacher& teacher, std::uint64_t student_seed) {
  used_teachers_.insert(teacher.declaration->name);
  const auto seed = teacher.declaration->same_seed ? student_seed : 1;
  if (const auto known = references_.find({&teacher, seed}); known != references_.end()) return known->second;
  auto made = teacher.declaration->file() ? from_file(teacher) : trained(teacher, seed);
  return references_[{&teacher, seed}] = std::move(made);
}

Assembly::Reference Assembly::trained(const Teacher& teacher, std::uint64_t seed) {
  const auto identities = identify(teacher.resolved, seed);
  const auto key = add_run(teacher.resolved, identities, seed, teacher.declaration->name);
  return {{{"run", key}}, {}, identities.pending};
}

Assembly::Reference Assembly::from_file(const Teacher& teacher) {
  const auto& resolved = teacher.resolved;
  const auto& file = *teacher.declaration->file();
  const auto path = resolver_.locate(file, problems_);
  const auto digest = path && world_.weights_digest ? world_.weights_digest(*path) : "";
  if (path && digest.empty())
    resolver_.missing(
        file.place, fmt::format("cannot read the {} {}", teacher.declaration->file_key(), *path), problems_);

  Reference reference;
  reference.pending = digest.empty();
  reference.id[teacher.declaration->file_key()] = digest;
  json source{{"path", path.value_or("")}, {"outputs", teacher.declaration->outputs.has_value()}};
  if (const auto* backbone = resolved.backbone) {
    reference.versions["backbone." + backbone->name] = backbone->version;
    reference.id["backbone"] = {
        {backbone->name, hashed_settings(backbone->params, resolved.backbone_settings())}};
    source["backbone"] = resolved.recipe.at("backbone");
  }
  for (const auto& used : resolved.used) {
    const auto& settings = resolved.recipe.at(used.family).at(used.key);
    reference.id[used.family][used.key] = hashed_ingredient(*used.entry, settings, {});
    source[used.family][used.key] = settings;
    reference.versions[used.entry->name] = used.entry->version;
  }
  describe_eyes(resolved, reference.id, source);
  file_teachers_[canonical(reference.id)] = std::move(source);
  return reference;
}

std::string Assembly::add_run(const ResolvedRecipe& resolved, const Identities& identities,
                              std::uint64_t seed, const std::string& teacher) {
  auto keyed = run_spec(resolved, identities, seed);
  auto& run = runs[keyed.key];
  if (run.key.empty()) {
    const auto trajectory = trajectory_spec(resolved, identities, seed);
    run = {.key = keyed.key,
           .spec = std::move(keyed.spec),
           .recipe = shown_recipe(resolved, identities),
           .seed = seed,
           .trajectory = trajectory.key};
    add_trajectory(resolved, trajectory, run);
  }
  if (run.teacher.empty()) run.teacher = teacher;
  return run.key;
}

void Assembly::add_trajectory(const ResolvedRecipe& resolved, const Keyed& keyed, const Run& run) {
  const auto [at, is_new] = index_.try_emplace(keyed.key, trajectories.size());
  if (!is_new) {
    trajectories[at->second].runs.push_back(run.key);
    return;
  }
  Trajectory trajectory{.key = keyed.key, .spec = keyed.spec, .runs = {run.key}, .seed = run.seed};
  collect_runs(keyed.spec.at("recipe"), trajectory.teachers);
  collect_files(keyed.spec.at("recipe"), file_teachers_, trajectory.file_teachers);
  trajectory.data_name = resolved.data->name;
  trajectory.data_settings = resolved.data_settings();
  trajectory.init = resolved.init();
  trajectory.threads = resolved.recipe.at("train").at("threads");
  trajectories.push_back(std::move(trajectory));
}

}  // namespace ablate

#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/names.h"
#include "harness/plan/sweep.h"

namespace ablate {
namespace {

bool same_seed(const Tree& seed, Problems& problems) {
  if (seed.is(Tree::Kind::String) && seed.text == "same") return true;
  if (!seed.is(Tree::Kind::Integer) || seed.integer != 1)
    problems.error(seed.place, "a teacher trains with seed 1, or with \"same\", the seed of whom it teaches");
  return false;
}

/// Students and teachers see the same images and classes, so a teacher keeps the base's data.
Patch teacher_patch(const Tree& tree, Problems& problems) {
  auto patch = read_patch(tree, Whole::Allowed, problems);
  for (const auto& assignment : patch) {
    const auto& section = assignment.path[0];
    if (assignment.path.size() <= 2 && section == "data")
      problems.error(assignment.place,
                     "a teacher learns from the base's data; it may change single parameters of it");
    else if (section == "backbone" && assignment.path.size() == 1)
      problems.error(assignment.place, "a teacher's network is its own `backbone` key");
  }
  return patch;
}

/// A file that needs no other description; false when there is none.
bool read_whole(const Member& member, TeacherDeclaration& teacher, Problems& problems) {
  if (const Tree* outputs = member_of_kind(member.value, "outputs", Tree::Kind::String, problems))
    teacher.outputs = *outputs;
  else if (const Tree* module = member_of_kind(member.value, "module", Tree::Kind::String, problems))
    teacher.module = *module;
  if (!teacher.brings_all()) return false;
  for (const char* key : {"module", "backbone", "weights", "seed", "distill", "set"}) {
    const Tree* given = member.value.find(key);
    if (!given || std::string(key) == teacher.file_key()) continue;
    if (teacher.module && std::string(key) == "set") continue;  // it sees images in its own way
    problems.error(
        given->place,
        fmt::format("a teacher with `{}` brings {}; take `{}` out", teacher.file_key(),
                    teacher.module ? "its own network, trained already"
                                   : "what it said already, so there is nothing to train or to ask",
                    key));
  }
  return true;
}

void read_network(const Member& member, TeacherDeclaration& teacher, Problems& problems) {
  if (read_whole(member, teacher, problems)) return;
  const Tree* backbone = member.value.find("backbone");
  teacher.students_network = backbone && backbone->is(Tree::Kind::String) && backbone->text == "student";
  if (!backbone) {
    problems.error(
        member.place,
        fmt::format("the teacher '{}' has no `backbone` and no `module` or `outputs`", member.key));
  } else if (!teacher.students_network) {
    teacher.backbone = *backbone;
    expand_bare_name("backbone", *teacher.backbone);
  }
  if (const Tree* weights = member_of_kind(member.value, "weights", Tree::Kind::String, problems))
    teacher.weights = *weights;
}

TeacherDeclaration read_teacher(const Member& member, Problems& problems) {
  TeacherDeclaration teacher{.name = member.key, .place = member.place};
  check_keys(member.value, {"backbone", "weights", "module", "outputs", "set", "seed", "distill"},
             "a teacher", problems);
  read_network(member, teacher, problems);
  if (const Tree* set = member.value.find("set"); set && !teacher.outputs)
    teacher.set = teacher_patch(*set, problems);
  if (const Tree* seed = member.value.find("seed"); seed && !teacher.brings_all())
    teacher.same_seed = same_seed(*seed, problems);
  if (const Tree* distill = member.value.find("distill"); distill && !teacher.brings_all()) {
    teacher.distill = *distill;
    expand_bare_name("distill", *teacher.distill);
    if (teacher.weights)
      problems.error(distill->place, "a teacher with `weights` is not trained, so it learns from nobody");
  }
  return teacher;
}

}  // namespace

void read_teachers(const Tree& tree, std::vector<TeacherDeclaration>& teachers, Problems& problems) {
  for (const auto& member : tree.members) {
    check_label(member.key, "a teacher's name", member.place, problems);
    if (member.value.is(Tree::Kind::Object))
      teachers.push_back(read_teacher(member, problems));
    else
      problems.error(member.value.place,
                     fmt::format("a teacher is an object, found {}", kind_name(member.value.kind)));
  }
}

}  // namespace ablate

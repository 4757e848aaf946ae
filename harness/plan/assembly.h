#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/plan/spec.h"
#include "harness/plan/teachers.h"

namespace ablate {

/// Gives recipes their keys and collects runs and trajectories, teachers before whom they teach.
class Assembly {
 public:
  Assembly(const World& world, const Resolver& resolver, TeacherBook& teachers, Problems& problems)
      : world_(world), resolver_(resolver), teachers_(teachers), problems_(problems) {}

  /// What stands for paths and names in the spec; teachers that must be trained are added.
  Identities identify(const ResolvedRecipe& resolved, std::uint64_t seed);
  /// Adds a run, unless it is there, and returns its key ('?' in front while it is pending).
  std::string add_run(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed,
                      const std::string& teacher = "");

  const std::set<std::string>& used_teachers() const { return used_teachers_; }
  std::map<std::string, Run> runs;
  std::vector<Trajectory> trajectories;

 private:
  /// A teacher's place in a spec.
  struct Reference {
    nlohmann::json id;
    std::map<std::string, int> versions;
    bool pending = false;
  };

  const Reference& reference(const Teacher& teacher, std::uint64_t seed);
  Reference trained(const Teacher& teacher, std::uint64_t seed);
  Reference from_file(const Teacher& teacher);
  std::string fingerprint(const ResolvedRecipe& resolved);
  DataIdentity ask(const ResolvedRecipe& resolved);
  void add_trajectory(const ResolvedRecipe& resolved, const Keyed& keyed, const Run& run);

  const World& world_;
  const Resolver& resolver_;
  TeacherBook& teachers_;
  Problems& problems_;
  std::map<std::string, std::string> fingerprints_;
  std::map<std::pair<const Teacher*, std::uint64_t>, Reference> references_;
  std::map<std::string, nlohmann::json> file_teachers_;  // canonical reference -> where it lies
  std::map<std::string, std::size_t> index_;             // trajectory key -> position
  std::set<std::string> used_teachers_;
};

}  // namespace ablate

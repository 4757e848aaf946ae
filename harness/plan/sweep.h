#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/patch.h"
#include "harness/plan/plan.h"

namespace ablate {

/// One of the alternatives to the reference that a factor may take.
struct Level {
  std::string label;
  Place place;
  Patch patch;
};

/// What a sweep varies: a path of the recipe with alternative values, or a name with patches.
struct Factor {
  std::string name;
  Place place;
  bool is_path = false;
  std::vector<Level> levels;

  const Level* level(const std::string& label) const;
};

/// One level chosen of one factor.
struct Choice {
  const Factor* factor = nullptr;
  const Level* level = nullptr;

  auto operator<=>(const Choice&) const = default;
};

/// The levels of an arm, where it differs from the reference; none: the reference itself.
using Combination = std::vector<Choice>;

/// `factor: label`, as written.
struct Selector {
  std::string factor, label;
  Place place;  // of the factor's name
};

/// An arm is left out when all selectors of one exclusion hold.
struct Exclusion {
  Place place;
  std::vector<Selector> selectors;
};

/// An arm beside those of the design.
struct Extra {
  std::string label;
  Place place;
  Patch patch;
};

/// How levels are combined.
struct Design {
  std::string name;
  std::vector<const Factor*> factors;  // those that vary
  std::vector<Combination> arms;       // without the reference
};

/// One table: a design with its layout.
struct Panel {
  std::string title;
  Place place;
  Patch set;
  Combination at;
  std::vector<Extra> also;
  std::string columns;
  std::vector<Exclusion> exclude;
  std::vector<std::string> backbones;  // labels
  std::vector<std::uint64_t> seeds;
  Design design;
};

struct BackboneRow {
  std::string label;
  Place place;
  Tree network;  // {name: parameters}
  Patch adapt;
};

/// A network that is trained, or read, to teach others.
struct TeacherDeclaration {
  std::string name;
  Place place;
  Patch set;
  std::optional<Tree> backbone;
  std::optional<Tree> weights;
  std::optional<Tree> module;   // a TorchScript file, which brings its own network
  std::optional<Tree> outputs;  // a file of what somebody said of fixed views
  std::optional<Tree> distill;
  bool students_network = false;  // "backbone": "student"
  bool same_seed = false;

  /// Neither network nor training is described here.
  bool brings_all() const { return module || outputs; }
  /// The file of a teacher that is not trained here, and the key that names it.
  const std::optional<Tree>& file() const { return outputs ? outputs : module ? module : weights; }
  const char* file_key() const { return outputs ? "outputs" : module ? "module" : "weights"; }
};

/// A sweep file as read: names are resolved, recipes are not.
struct Sweep {
  Sweep() = default;
  Sweep(const Sweep&) = delete;  // choices point into `factors`
  Sweep& operator=(const Sweep&) = delete;

  std::string name, title, keep = "last";
  Place place;
  std::optional<Tree> base;  // the recipe, if it could be read
  Patch set;                 // of the command line
  std::vector<BackboneRow> backbones;
  std::vector<TeacherDeclaration> teachers;
  std::deque<Factor> factors;
  std::deque<Factor> generated;  // by designs that name families
  std::vector<Exclusion> exclude;
  std::vector<Panel> panels;
  bool broken = false;  // factors or designs could not be read: nothing can be said of what is left unused

  const Factor* factor(const std::string& name) const;
};

/// Reads what stands in a sweep file into `sweep`; every mistake of its grammar is a problem. `file` is what
/// paths of the sweep are relative to.
void read_sweep(const Tree& root, const std::filesystem::path& file, const Overrides& overrides, Sweep& sweep,
                Problems& problems);

/// Works out a sweep that was read from `file`: what make_plan does, and validation in a world without data.
std::optional<Plan> plan_of(const Tree& root, const std::filesystem::path& file, const Overrides& overrides,
                            const World& world, Problems& problems);

/// The recipe in a tree, as a sweep's base: bare names expanded, `$schema` dropped.
Tree read_recipe(const Tree& tree, Problems& problems);

/// A value as a label shows it: "off", "0.5", "[30 60]".
std::string label_text(const Tree& value);

// The parts, a file each.
void read_factors(const Tree& tree, std::deque<Factor>& factors, Problems& problems);
void read_backbones(const Tree& root, Sweep& sweep, Problems& problems);
void read_teachers(const Tree& tree, std::vector<TeacherDeclaration>& teachers, Problems& problems);
void read_panels(const Tree& root, Sweep& sweep, Problems& problems);
std::vector<std::uint64_t> read_seeds(const Tree& tree, Problems& problems);

/// `path=value` of the command line, as if it stood in a file called "--set", a line each.
Patch read_command_line(const std::vector<std::string>& set, Problems& problems);

/// The factor and level of a `factor: label` pair; a label `reference` has no level. Nothing, and a problem,
/// when there is none.
std::optional<Choice> find_choice(const Sweep& sweep, const Member& member, Problems& problems);

}  // namespace ablate

#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/plan/apply.h"
#include "harness/plan/resolve.h"
#include "harness/plan/sweep.h"

namespace ablate {

/// An arm whose recipe is known but not yet its keys.
struct DraftArm {
  int table = 0;
  std::string backbone;
  std::string label;
  Combination levels;
  bool reference = false;
  Tree given;  // with the places that say which source won
  ResolvedRecipe resolved;
};

/// The arms of all tables. What goes wrong in several arms is told once, and in which.
class ArmMaker {
 public:
  ArmMaker(const Sweep& sweep, const Resolver& resolver, Uses& uses, Problems& problems)
      : sweep_(sweep), resolver_(resolver), uses_(uses), problems_(problems) {}

  std::vector<DraftArm> make();
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Block;  // one table on one backbone

  void make_block(int table, const BackboneRow& row, std::vector<DraftArm>& arms);
  Tree reference_recipe(const Panel& panel, const BackboneRow& row);
  void add_combination(Block& block, const Combination& combination);
  void add_extra(Block& block, const Extra& extra);
  void add(Block& block, DraftArm arm);
  bool excluded(const Block& block, const Combination& levels);
  void note(const std::string& text);
  void resolve(DraftArm& arm, bool& fine);
  void report_clashes();
  void report_unused();
  void report_unused_levels(const Factor& factor);

  struct Clash {
    bool in_reference = false;
    std::vector<std::string> arms;
  };

  const Sweep& sweep_;
  const Resolver& resolver_;
  Uses& uses_;
  Problems& problems_;
  std::vector<std::string> notes_;
  std::map<std::pair<Place, std::string>, Clash> clashes_;
  std::set<const Exclusion*> excluding_;
};

}  // namespace ablate

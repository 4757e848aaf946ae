#include "harness/train/finish.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "harness/execute/fold.h"
#include "harness/execute/safetensors.h"
#include "harness/graph/rewrite.h"
#include "harness/train/evaluation.h"
#include "harness/train/predictions.h"
#include "harness/train/robustness.h"

namespace ablate::training {
namespace {

/// What is evaluated and saved together: the variants of one epoch, for the groups of runs that selected it.
struct Harvest {
  Moment moment;
  const std::vector<Variant>& variants;  // the raw one first
  std::vector<const RunGroup*> groups;
  std::string suffix;  // of weight files
};

/// Evaluations of a harvest: its variants, then the fused forms of those that some group reports, then the
/// variants over both an image and its mirror image where the recipe asks for them.
class FinalEvaluation {
 public:
  FinalEvaluation(Training& training, const Harvest& harvest) : training_(training), harvest_(harvest) {
    const bool keep = training.task.evaluate.predictions && harvest.moment.selected_by == "last";
    std::vector<Contender> contenders;
    for (const auto& variant : harvest.variants)
      contenders.push_back({.network = training.student.get(), .weights = &variant.weights, .keep = keep});
    if (has_branches(training.student->graph()))
      for (const auto* group : harvest.groups)
        add_fused(training.reported(*group, harvest.variants), contenders);
    first_flipped_ = contenders.size();
    if (training.task.evaluate.flip)
      for (const auto& variant : harvest.variants)
        contenders.push_back({.network = training.student.get(), .weights = &variant.weights, .flip = true});
    results_ = evaluate(training, training.task.parts.test, contenders);
  }

  void write(Record& record, std::map<std::string, double>& differences) const {
    for (const auto* group : harvest_.groups) {
      const auto& reported = training_.reported(*group, harvest_.variants);
      for (const auto& variant : harvest_.variants) {
        if (!has_variant(*group, variant)) continue;
        const auto position = std::size_t(&variant - harvest_.variants.data());
        record.evaluation(harvest_.moment, "test", variant.name(), group->runs, &variant == &reported,
                          results_[position].scores);
        if (training_.task.evaluate.flip)
          record.evaluation(harvest_.moment, "test", variant.name() + "_flip", group->runs, false,
                            results_[first_flipped_ + position].scores);
      }
      const auto fused_form = std::find(folded_.begin(), folded_.end(), &reported);
      if (fused_form == folded_.end()) continue;
      const auto& result = results_[harvest_.variants.size() + std::size_t(fused_form - folded_.begin())];
      record.evaluation(harvest_.moment, "test", "fused", group->runs, false, result.scores);
      for (const auto& run : group->runs) differences[run] = std::fmax(differences[run], result.difference);
    }
  }

  /// What the reported variants said, where it was kept.
  void save(const std::filesystem::path& folder) const {
    for (const auto& [variant, runs] : reported_variants(training_, harvest_.variants))
      if (const auto& result = results_[std::size_t(variant - harvest_.variants.data())];
          result.logits.defined())
        save_predictions(training_, {variant->name(), runs, result.logits}, folder);
  }

 private:
  void add_fused(const Variant& variant, std::vector<Contender>& contenders) {
    if (std::count(folded_.begin(), folded_.end(), &variant)) return;
    const auto& graph = training_.student->graph();
    networks_.push_back(std::make_unique<Network>(
        fused(graph), fold_branches(graph, variant.weights), training_.task.train,
        Normalisation(training_.task.options.mean, training_.task.options.std)));
    contenders.push_back(
        {networks_.back().get(), &networks_.back()->weights(), int(&variant - harvest_.variants.data())});
    folded_.push_back(&variant);
  }

  Training& training_;
  const Harvest& harvest_;
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<const Variant*> folded_;
  std::size_t first_flipped_ = 0;
  std::vector<Evaluated> results_;
};

/// "ema", or "ema-1f3a..." where runs of the trajectory have averages of one name with other settings.
std::string file_stem(const Variant& variant, const std::vector<Variant>& all) {
  const auto same_name = [&](const Variant& other) { return other.name() == variant.name(); };
  if (std::count_if(all.begin(), all.end(), same_name) == 1) return variant.name();
  return variant.name() + "-" + variant.of->id.substr(variant.of->id.find('#') + 1);
}

void save_weights_of(const Harvest& harvest, const Training& training, const std::filesystem::path& folder,
                     Record& record) {
  std::filesystem::create_directories(folder / "weights");
  for (const auto& variant : harvest.variants) {
    const auto file =
        fmt::format("weights/{}{}.safetensors", file_stem(variant, harvest.variants), harvest.suffix);
    save_weights(folder / file, variant.weights,
                 {{"trajectory", training.request.trajectory},
                  {"variant", variant.name()},
                  {"epoch", std::to_string(harvest.moment.epoch)}});
    for (const auto* group : harvest.groups)
      if (has_variant(*group, variant))
        record.weights(harvest.moment, variant.name(), group->runs,
                       &variant == &training.reported(*group, harvest.variants), file);
  }
}

/// Why an ingredient proved nothing, or "" when it acted or promises no proof.
std::string idleness(const Member& member, const Counters& counters) {
  if (member.entry->counters.empty() && counters.empty()) return "";
  if (std::any_of(counters.begin(), counters.end(), [](const auto& c) { return c.second != 0; })) return "";
  return fmt::format("{} is on and did nothing", member.name);
}

/// What every ingredient did: the trajectory's together, a passive one's under each of its runs.
class CountersLine {
 public:
  void add(const Member& member) {
    const auto counters = member->counters();
    for (const auto& [name, value] : counters) {
      const auto full_name = member.name + "." + name;
      if (member.shared) shared_[full_name] = finite_or_text(value);
      for (const auto& run : member.runs)
        if (!member.shared) add(run, full_name, value);
    }
    const auto idle = idleness(member, counters);
    for (const auto& run : member.runs)
      if (!idle.empty()) invalid_[run] = invalid_.contains(run) ? invalid_[run] + "; " + idle : idle;
  }
  void add(const std::string& run, const std::string& name, double value) {
    of_runs_[run][name] = finite_or_text(value);
  }
  void write(Record& record) const { record.counters(shared_, of_runs_, invalid_); }

 private:
  nlohmann::json shared_ = nlohmann::json::object(), of_runs_ = nlohmann::json::object();
  std::map<std::string, std::string> invalid_;
};

void write_counters(const Training& training, const std::map<std::string, double>& differences,
                    Record& record) {
  CountersLine line;
  std::string reparam = "reparam";
  for (const auto& member : training.kit) {
    line.add(member);
    if (member.entry->family == "reparam") reparam = member.name;
  }
  for (const auto& [run, difference] : differences) line.add(run, reparam + ".fused_difference", difference);
  line.write(record);
}

std::vector<Harvest> harvests_of(const Training& training, const std::vector<Variant>& last) {
  Harvest at_last{{training.at.epochs, "last"}, last, {}, ""};
  for (const auto& group : training.groups) at_last.groups.push_back(&group);
  std::vector<Harvest> harvests{at_last};
  for (std::size_t g = 0; g < training.groups.size(); ++g) {
    const auto& selection = training.selections[g];
    if (selection.epoch == 0) continue;
    const auto suffix = training.groups.size() == 1
                            ? "-best"
                            : fmt::format("-best-{}", training.groups[g].runs[0].substr(0, 12));
    harvests.push_back({{selection.epoch, "validation"}, selection.variants, {&training.groups[g]}, suffix});
  }
  return harvests;
}

/// `keep`: "last" keeps both, "best" the selected epoch or, where nothing was selected, the last.
bool keeps(const Training& training, const Harvest& harvest) {
  const auto& keep = training.request.keep;
  if (keep == "none") return false;
  const bool selected = std::any_of(training.selections.begin(), training.selections.end(),
                                    [](const auto& s) { return s.epoch != 0; });
  return keep == "last" || harvest.moment.selected_by == "validation" || !selected;
}

}  // namespace

void finish(Training& training, const std::filesystem::path& folder, Record& record) {
  std::vector<Variant> last;
  last.push_back(raw_variant(training));
  for (auto& variant : further_variants(training)) last.push_back(std::move(variant));
  std::map<std::string, double> differences;
  for (const auto& harvest : harvests_of(training, last)) {
    if (!training.task.parts.test.empty()) {
      const FinalEvaluation evaluation(training, harvest);
      evaluation.write(record, differences);
      evaluation.save(folder);
    }
    if (keeps(training, harvest)) save_weights_of(harvest, training, folder, record);
  }
  if (!training.task.parts.test.empty()) evaluate_spoiled(training, last, record);
  write_counters(training, differences, record);
}

}  // namespace ablate::training

#include "harness/train/robustness.h"

#include <fmt/format.h>

#include <set>

#include "harness/data/corruptions.h"
#include "harness/train/evaluation.h"

namespace ablate::training {

void evaluate_spoiled(const Training& training, const std::vector<Variant>& variants, Record& record) {
  const auto& settings = training.task.evaluate;
  const auto reported = reported_variants(training, variants);
  std::vector<Contender> contenders;
  for (const auto& one : reported) contenders.push_back({training.student.get(), &one.variant->weights});
  for (const auto& name : settings.corruption_list())
    for (const int severity : std::set<int>(settings.severities.begin(), settings.severities.end())) {
      const auto spoil = corruption(name, severity, training.evaluation_size());
      const auto results = evaluate(training, training.task.parts.test, contenders, spoil);
      for (std::size_t i = 0; i < reported.size(); ++i)
        record.evaluation({training.at.epochs, "last"}, fmt::format("test@{}.{}", name, severity),
                          reported[i].variant->name(), reported[i].runs, true, results[i].scores);
    }
}

}  // namespace ablate::training

#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "results/table.h"
#include "tests/results/ledger_fixture.h"

namespace ablate::synthetic {

inline const Json kBase{{"train", {{"epochs", 2}}}, {"optimizer", {{"sgd", {{"lr", 0.1}}}}}};

/// The recipe of the reference, with these families in the place of its own.
inline Json with(const Json& patch) {
  Json recipe = kBase;
  recipe.update(patch);
  return recipe;
}

/// A ledger, and tables of it.
class TableTest : public LedgerTest {
 protected:
  void add(const Plan& plan) { ledger_->add_sweep(plan.json); }
  /// Runs <name>-1, <name>-2, ... with these shares of right answers in percent.
  void finish(const std::string& name, const std::vector<double>& percents) {
    for (std::size_t i = 0; i < percents.size(); ++i)
      fold(finished(name + "-" + std::to_string(i + 1), static_cast<int>(i + 1), percents[i] / 100));
  }
  std::string table(Format format = Format::Text, const std::function<void(TableOptions&)>& change = {}) {
    TableOptions options;
    options.format = format;
    options.times = false;
    if (change) change(options);
    return comparison_table(*ledger_, options);
  }

  /// One backbone, five seeds. The first pair of `paired` in stats.json (SciPy 1.11): 91.60 and 91.44 on
  /// average, difference 0.164 with the 95 % interval [-0.0137, 0.3417]. CutMix is Mixup's mirror image:
  /// -0.164 [-0.3417, 0.0137].
  void add_plain_sweep() {
    Plan plan("recipe", "Which parts carry over?");
    plan.table("", {"mix"});
    plan.arm("GhostNetV2", "reference", Json::object(), kBase, "ref", {1, 2, 3, 4, 5});
    plan.arm("GhostNetV2", "mix=+ Mixup", {{"mix", "+ Mixup"}},
             with({{"mix", {{"mixup", {{"alpha", 0.2}}}}}}), "mixup", {1, 2, 3, 4, 5});
    plan.arm("GhostNetV2", "mix=+ CutMix", {{"mix", "+ CutMix"}},
             with({{"mix", {{"cutmix", Json::object()}}}}), "cutmix", {1, 2, 3, 4, 5});
    add(plan);
    finish("ref", {91.37, 91.50, 91.39, 91.41, 91.55});
    finish("mixup", {91.52, 91.81, 91.35, 91.70, 91.66});
    finish("cutmix", {91.22, 91.19, 91.43, 91.12, 91.44});
  }

  /// Three backbones with everything that can go wrong.
  void add_troubled_sweep() {
    Plan plan("trouble", "What went wrong");
    plan.table("(a) one at a time", {"mix", "distill"});
    for (const std::string net : {"GhostNetV2", "MobileNetV2", "ShuffleNetV2"}) {
      const auto on_net = [&](Json patch) {
        patch["backbone"] = {{net, Json::object()}};
        return with(patch);
      };
      plan.arm(net, "reference", Json::object(), on_net(Json::object()), net + "-ref", {1, 2, 3});
      plan.arm(net, "mix=+ Mixup", {{"mix", "+ Mixup"}}, on_net({{"mix", {{"mixup", {{"alpha", 0.2}}}}}}),
               net + "-mixup", {1, 2, 3});
      plan.arm(net, "distill=KD", {{"distill", "KD"}}, on_net({{"distill", {{"logit", Json::object()}}}}),
               net + "-kd", {1, 2, 3});
    }
    plan.teacher("R56", "teacher");
    plan.json["sweep"]["teachers"] = {{"R110", {{"weights", "r110.safetensors"}}}};
    add(plan);
    fold(finished("teacher", 1, 0.9310));
    finish("GhostNetV2-ref", {70.00, 70.50, 70.10});
    finish("MobileNetV2-ref", {68.00, 68.40, 68.20});
    finish("ShuffleNetV2-ref", {65.00});
    finish("GhostNetV2-mixup", {70.40, 70.70});
    fold(Journal{"GhostNetV2-mixup-3", {"GhostNetV2-mixup-3"}, {}, 3}.begin(1).facts().end("diverged",
                                                                                           "loss is nan"));
    finish("MobileNetV2-mixup", {68.30});
    fold(Journal{"MobileNetV2-mixup-2", {"MobileNetV2-mixup-2"}, {}, 2}.begin(1).end("interrupted"));
    finish("ShuffleNetV2-mixup", {65.50});
    finish("GhostNetV2-kd", {71.00, 71.50, 71.10});
    fold(finished("GhostNetV2-kd-3", 3, 0.711)
             .counters(Json::object(), Json::object(), {{"GhostNetV2-kd-3", "distill.logit did nothing"}}));
    ledger_->fold_coordinator(
        {{{"type", "exit"}, {"trajectory", "MobileNetV2-kd-1"}, {"attempt", 1}, {"status", 1}, {"time", "1"}},
         {{"type", "blocked"}, {"trajectory", "MobileNetV2-kd-2"}, {"because", "teacher"}, {"time", "1"}}});
  }
};

}  // namespace ablate::synthetic

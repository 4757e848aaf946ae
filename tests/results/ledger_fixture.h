#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "results/ledger.h"
#include "tests/results/synthetic.h"

namespace ablate::synthetic {

/// A reference and an arm with Mixup on one backbone, with two seeds each.
inline Plan small_plan() {
  Plan plan("small", "A small one");
  plan.table("", {"mix"});
  plan.arm("Net", "reference", Json::object(), {{"train", {{"epochs", 2}}}}, "ref", {1, 2});
  plan.arm("Net", "mix=+ Mixup", {{"mix", "+ Mixup"}},
           {{"train", {{"epochs", 2}}}, {"mix", {{"mixup", {{"alpha", 0.2}, {"per_class", false}}}}}},
           "mixup", {1, 2});
  return plan;
}

/// What the work complains of; "" when it does not.
inline std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

/// An empty ledger in a folder of its own.
class LedgerTest : public testing::Test {
 protected:
  synthetic::TemporaryFolder folder_;
  std::unique_ptr<Ledger> ledger_ = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write);

  void fold(const Journal& journal) { ledger_->fold(journal.trajectory, journal.lines); }
  std::string status(const std::string& run) {
    return value(*ledger_, "SELECT status FROM runs WHERE key = '" + run + "'");
  }
};

}  // namespace ablate::synthetic

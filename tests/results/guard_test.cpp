#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/table_fixture.h"

namespace ablate {
namespace {

using synthetic::Json;
using synthetic::kBase;
using synthetic::message_of;
using synthetic::Plan;
using synthetic::TableTest;
using synthetic::with;
using testing::HasSubstr;
using testing::Not;

TEST_F(TableTest, RefusesRowsThatDifferInWhatTheDesignDoesNotVary) {
  Plan plan("sly");
  plan.table("", {"mix"});
  auto longer = with({{"mix", {{"mixup", Json::object()}}}});
  longer["train"]["epochs"] = 60;
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1});
  plan.arm("Net", "mix=+ Mixup", {{"mix", "+ Mixup"}}, longer, "mixup", {1});
  add(plan);
  const auto message = message_of([&] { table(); });
  EXPECT_THAT(message, HasSubstr("train.epochs (60, not 2)"));
  EXPECT_THAT(message, Not(HasSubstr("mix.mixup")));

  plan.json["sweep"]["factors"] = {{"mix", {{"+ Mixup", {{"mix", "mixup"}, {"train.epochs", 60}}}}}};
  add(plan);
  EXPECT_EQ(message_of([&] { table(); }), "");
}

TEST_F(TableTest, RefusesBackbonesThatDifferInMoreThanAdaptSays) {
  Plan plan("adapt");
  plan.table("", {"mix"});
  plan.arm("A", "reference", Json::object(), with({{"backbone", {{"a", Json::object()}}}}), "a", {1});
  auto other = with({{"backbone", {{"b", Json::object()}}}});
  other["optimizer"]["sgd"]["lr"] = 0.4;
  plan.arm("B", "reference", Json::object(), other, "b", {1});
  add(plan);
  EXPECT_THAT(message_of([&] { table(); }), HasSubstr("optimizer.sgd.lr"));
  plan.json["sweep"]["adapt"] = {{"B", {{"optimizer.sgd.lr", 0.4}}}};
  add(plan);
  EXPECT_EQ(message_of([&] { table(); }), "");
}

}  // namespace
}  // namespace ablate

#include "harness/run/schedule.h"

#include <gtest/gtest.h>

namespace ablate {
namespace {

/// Three trainings: a teacher's, a student's that needs it, and one of its own. Keys of runs are "run-" and
/// the training's.
Plan small_plan() {
  Plan plan;
  for (const std::string name : {"teacher", "student", "alone"}) {
    const nlohmann::json spec{{"recipe", {{"train", {{"epochs", 5}}}}}, {"seed", 1}};
    plan.runs["run-" + name] = {
        .key = "run-" + name, .spec = spec, .trajectory = name, .teacher = name == "teacher" ? "R8" : ""};
    plan.trajectories.push_back({.key = name, .spec = spec, .runs = {"run-" + name}});
  }
  plan.trajectories[1].teachers = {"run-teacher"};
  return plan;
}

FolderState found(State state, const std::string& run) {
  FolderState folder;
  folder.state = state;
  if (state != State::Pending) folder.runs[run] = nullptr;
  return folder;
}

/// A schedule whose folders are in these states, in the order of the plan.
Schedule schedule_with(const Plan& plan, const std::vector<State>& states,
                       const std::set<State>& retry = {}) {
  Schedule schedule(plan, {"run-student", "run-alone"}, retry);
  for (std::size_t i = 0; i < states.size(); ++i)
    schedule.refresh(schedule.tasks().at(i), found(states[i], "run-" + schedule.tasks()[i].trajectory->key));
  return schedule;
}

std::vector<std::string> startable(Schedule& schedule) {
  std::vector<std::string> keys;
  for (const auto* task : schedule.startable()) keys.push_back(task->trajectory->key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST(Schedule, TakesInTheTeachersOfWhatIsWanted) {
  const auto plan = small_plan();
  EXPECT_EQ(Schedule(plan, {"run-student"}, {}).tasks().size(), 2u);
  EXPECT_EQ(Schedule(plan, {"run-alone"}, {}).tasks().size(), 1u);
}

TEST(Schedule, StartsAStudentOnlyOnceItsTeacherIsDone) {
  const auto plan = small_plan();
  auto fresh = schedule_with(plan, {State::Pending, State::Pending, State::Pending});
  EXPECT_EQ(startable(fresh), (Keys{"teacher", "alone"}));
  auto taught = schedule_with(plan, {State::Done, State::Pending, State::Done});
  EXPECT_EQ(startable(taught), Keys{"student"});
}

TEST(Schedule, LeavesAloneWhatIsDoneDivergedOrFailed) {
  const auto plan = small_plan();
  auto schedule = schedule_with(plan, {State::Done, State::Diverged, State::Failed});
  EXPECT_EQ(startable(schedule), Keys{});
  EXPECT_FALSE(schedule.open());
}

TEST(Schedule, GoesOnWithWhatCrashedOrWasInterrupted) {
  const auto plan = small_plan();
  auto schedule = schedule_with(plan, {State::Done, State::Crashed, State::Interrupted});
  EXPECT_EQ(startable(schedule), (Keys{"student", "alone"}));
  EXPECT_FALSE(schedule.tasks()[1].restart);
}

TEST(Schedule, TriesAgainOnlyWhatItIsAskedTo) {
  const auto plan = small_plan();
  auto failed = schedule_with(plan, {State::Done, State::Diverged, State::Failed}, {State::Failed});
  EXPECT_EQ(startable(failed), Keys{"alone"});
  auto diverged = schedule_with(plan, {State::Done, State::Diverged, State::Failed}, {State::Diverged});
  EXPECT_EQ(startable(diverged), Keys{"student"});
  EXPECT_TRUE(diverged.tasks()[1].restart);
}

TEST(Schedule, BlocksAStudentWhoseTeacherFailed) {
  const auto plan = small_plan();
  auto schedule = schedule_with(plan, {State::Failed, State::Pending, State::Done});
  const auto blocked = schedule.block();
  ASSERT_EQ(blocked.size(), 1u);
  EXPECT_EQ(blocked[0]->trajectory->key, "student");
  EXPECT_EQ(blocked[0]->because, "run-teacher");
  EXPECT_EQ(schedule.count(State::Blocked), 1);
  EXPECT_FALSE(schedule.open());
}

TEST(Schedule, DoesNotWaitForATeacherThatWasInterruptedHere) {
  const auto plan = small_plan();
  auto schedule = schedule_with(plan, {State::Pending, State::Pending, State::Done});
  auto& teacher = schedule.tasks()[0];
  teacher.tried = true;
  schedule.refresh(teacher, found(State::Interrupted, "run-teacher"));
  EXPECT_TRUE(schedule.block().empty());
  EXPECT_FALSE(schedule.open());
}

TEST(Schedule, TrainsAgainWhatDoesNotYieldARunThatIsNewlyAskedFor) {
  const auto plan = small_plan();
  Schedule schedule(plan, {"run-alone"}, {});
  auto& task = schedule.tasks()[0];
  schedule.refresh(task, found(State::Done, "run-of-another-sweep"));
  EXPECT_TRUE(task.ready);
  EXPECT_TRUE(task.restart);
  EXPECT_EQ(task.runs.count("run-of-another-sweep"), 1u);
  EXPECT_EQ(task.runs.count("run-alone"), 1u);
}

}  // namespace
}  // namespace ablate

#include "harness/run/throughput.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ablate::testing_support {
namespace {

TEST(JobsWorthRunning, AreAllWhereEveryCoreAddsItsOwn) {
  EXPECT_EQ(jobs_worth_running(8, [](int jobs) { return double(jobs); }), 8);
  EXPECT_EQ(jobs_worth_running(1, [](int jobs) { return double(jobs); }), 1);
}

TEST(JobsWorthRunning, AreHalfWhereTwoCoresShareTheirArithmetic) {
  EXPECT_EQ(jobs_worth_running(16, [](int jobs) { return std::min(jobs, 8) * 10.0; }), 8);
}

TEST(JobsWorthRunning, AreWhatAContainersShareOfTheTimeAllows) {
  EXPECT_EQ(jobs_worth_running(64, [](int jobs) { return std::min(jobs, 2) * 10.0; }), 2);
}

TEST(JobsWorthRunning, StayWhereAnotherProgramTakesPartOfACore) {
  EXPECT_EQ(jobs_worth_running(2, [](int jobs) { return jobs == 2 ? 1.5 : 1.0; }), 2);
}

TEST(JobsWorthRunning, AreNotFewerBecauseSomebodyElseWasBusyForAMoment) {
  int asked = 0;
  EXPECT_EQ(jobs_worth_running(2, [&](int jobs) { return ++asked <= 4 ? 1.0 : double(jobs); }), 2);
}

TEST(MeasuredThroughput, IsNotZero) {
  EXPECT_GT(measured_throughput(1), 0);
}

}  // namespace
}  // namespace ablate::testing_support

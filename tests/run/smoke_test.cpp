// Every ready sweep runs: two steps of each arm, stopped, resumed, fused and evaluated, on drawn pictures.

#include <gmock/gmock.h>

#include "tests/ready_sweeps.h"
#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

namespace fs = std::filesystem;

TEST(ReadySweepsSmoke, EveryArmOfEverySweepRuns) {
  const auto sweeps = sweeps_in(fs::path(ABLATE_TEST_ROOT) / "sweeps");
  EXPECT_GE(sweeps.size(), 10u);
  const Scratch scratch;
  for (const auto& sweep : sweeps) {
    // as many pictures as two steps and the teachers of any of them need
    const auto end =
        run_ablate({"run", sweep.string(), "--smoke", "--store", (scratch / "store").string(), "--set",
                    R"(data={"synthetic": {"train": 1100, "test": 40, "validation": 40, "size": 32}})"});
    EXPECT_EQ(end.status, 0) << sweep << "\n" << end.out << end.err;
    EXPECT_THAT(end.out, testing::HasSubstr("the whole sweep:")) << sweep;
  }
}

}  // namespace
}  // namespace ablate::testing_support

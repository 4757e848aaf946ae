#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>

#include "tests/run/program.h"
#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A sweep with eight mistakes, one a line that is marked.
constexpr const char* kEightMistakes = R"json({
  "name": "mistakes",
  "base": {
    "data": {"synthetic": {"trian": 64}},
    "train": {"epochs": 0, "batch": "many"},
    "optimizer": {"sgdd": {}},
    "schedule": {"cosine": {}, "step": {}},
    "mix": {"mixup": {"alpha": -1}}
  },
  "backbones": ["ghostnetv9"],
  "seeds": "three"
})json";

TEST(Usage, WantsACommand) {
  const auto end = run_ablate({});
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(end.out, "");
  EXPECT_THAT(end.err, HasSubstr("validate"));
}

TEST(Usage, SuggestsTheCommandThatWasMeant) {
  const auto end = run_ablate({"valdate", "x.json"});
  EXPECT_EQ(end.status, 2);
  EXPECT_THAT(end.err, HasSubstr("unknown command 'valdate' (did you mean 'validate'?)"));
}

TEST(Usage, SuggestsTheOptionThatWasMeant) {
  const auto end = run_ablate({"run", "x.json", "--stroe", "y"});
  EXPECT_EQ(end.status, 2);
  EXPECT_THAT(end.err, HasSubstr("(did you mean --store?)"));
}

TEST(Usage, RefusesWhatMakesNoSense) {
  EXPECT_EQ(run_ablate({"run"}).status, 2);
  EXPECT_EQ(run_ablate({"validate", "a.json", "b.json"}).status, 2);
  EXPECT_EQ(run_ablate({"run", "x.json", "--jobs", "0"}).status, 2);
  EXPECT_EQ(run_ablate({"run", "x.json", "--jobs", "many"}).status, 2);
  EXPECT_EQ(run_ablate({"run", "x.json", "--retry", "faild"}).status, 2);
  EXPECT_EQ(run_ablate({"validate", "x.json", "--set", "train.epochs"}).status, 2);
  EXPECT_EQ(run_ablate({"query", "SELECT 1", "--format", "xml"}).status, 2);
  EXPECT_EQ(run_ablate({"run", "x.json", "--stor", "y"}).status, 2) << "no abbreviations";
}

TEST(Usage, FailsOnAFileThatIsNotThere) {
  for (const std::string command : {"validate", "plan", "run"}) {
    const auto end = run_ablate({command, "/nowhere/sweep.json", "--store", "/tmp/ablate-no-such-store"});
    EXPECT_EQ(end.status, 1) << command;
    EXPECT_THAT(end.err, HasSubstr("/nowhere/sweep.json"));
  }
}

TEST(Usage, FailsOnAStoreThatIsNotThere) {
  for (const std::string command : {"status", "list", "table"})
    EXPECT_EQ(run_ablate({command, "--store", "/nowhere/store"}).status, 1) << command;
}

TEST(Usage, HelpsOnStdout) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                     {"help"},
                                                                     {"run", "--help"},
                                                                     {"table", "-h"},
                                                                     {"describe", "--help"},
                                                                     {"query", "--help"}}) {
    const auto end = run_ablate(arguments);
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(end.err, "");
    EXPECT_THAT(end.out, HasSubstr("Exit status: 0 done"));
  }
  EXPECT_THAT(run_ablate({"run", "--help"}).out, HasSubstr("--retry"));
}

TEST(Usage, ReportsEveryMistakeOfASweepAtItsPlace) {
  const Scratch scratch;
  const auto sweep = scratch.file("mistakes.json", kEightMistakes);
  for (const std::string command : {"validate", "run", "plan"}) {
    std::vector<std::string> arguments{command, sweep, "--store", (scratch / "store").string()};
    const auto end = run_ablate(arguments);
    EXPECT_EQ(end.status, 3) << command;
    const auto text = end.out + end.err;
    EXPECT_EQ(occurrences(text, sweep + ":"), 8) << text;
    EXPECT_THAT(text, HasSubstr(sweep + ":4:28: "));
    EXPECT_THAT(text, HasSubstr("did you mean 'train'?"));
  }
}

TEST(Usage, TakesASweepThatIsFine) {
  const Scratch scratch;
  const auto end =
      run_ablate({"validate", scratch.file("tiny.json", tiny_sweep()), "--set", "train.epochs=3"});
  EXPECT_EQ(end.status, 0) << end.out;
}

TEST(Usage, IsQuietWhenItsReaderIsGone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    std::signal(SIGPIPE, SIG_IGN);
    execl(ABLATE_PROGRAM, "ablate", "describe", nullptr);
    _exit(127);
  }
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

}  // namespace
}  // namespace ablate::testing_support

// One recipe with nine families on at once, from its sweep to the ledger.

#include <csignal>

#include <gmock/gmock.h>

#include "results/ledger.h"
#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

constexpr int kEpochs = 2, kSteps = 9;  // 300 images of which 12 are held out, batches of 32

const char* const kNineFamilies = R"json({
  "name": "everything",
  "base": {
    "data": {"synthetic": {"train": 300, "test": 60, "validation": 12, "size": 16}},
    "train": {"epochs": 2, "batch": 32},
    "reparam": {"branches": {"convolutions": 2}},
    "distill": {"logit": {"teacher": "T"}},
    "mix": {"mixup_or_cutmix": {}},
    "augment": {"crop": {"padding": 2}, "flip": {}, "randaugment": {"magnitude": 3}},
    "loss": {"label_smoothing": {}},
    "regularize": {"clip": {}, "weight_decay": {}},
    "optimizer": {"sgd": {"lr": 0.03}, "lookahead": {}},
    "schedule": {"cosine": {}},
    "average": {"ema": {"decay": 0.9}},
    "evaluate": {"flip": true}},
  "teachers": {"T": {"backbone": {"resnet": {"depth": 8}}}},
  "backbones": {"G": {"ghostnetv2": {"width": 0.25}}, "M": {"mobilenetv2": {"width": 0.25}}, "S": {"shufflenetv2": {}}},
  "seeds": 1})json";

struct Reference {
  static constexpr const char* kSetting = "train.executor=reference";
};
struct Fused {
  static constexpr const char* kSetting = "train.executor=fused";
};
struct BFloat16 {
  static constexpr const char* kSetting = "train.precision=bf16";
};

/// Executor: what computes, and how exactly.
template <class Executor>
class Everything : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    sweep_ = scratch_->file("everything.json", kNineFamilies);
    first_ = new Finished(run_ablate(command("undisturbed")));
  }
  static void TearDownTestSuite() {
    delete first_;
    delete scratch_;
  }
  static std::filesystem::path store(const std::string& name) { return *scratch_ / name; }
  static std::vector<std::string> command(const std::string& name) {
    return {"run", sweep_, "--store", store(name).string(), "--jobs", "2", "--set", Executor::kSetting};
  }
  /// The single value of a query on the undisturbed store, for each of the three students.
  static std::vector<double> numbers(const std::string& sql) {
    const auto out =
        run_ablate({"query", "--store", store("undisturbed").string(), "--format", "csv", sql}).out;
    std::vector<double> found;
    for (auto line = out.find('\n'); line != std::string::npos && line + 1 < out.size();
         line = out.find('\n', line + 1))
      found.push_back(std::stod(out.substr(line + 1)));
    return found;
  }

  static inline Scratch* scratch_ = nullptr;
  static inline Finished* first_ = nullptr;
  static inline std::string sweep_;
};

using Executors = testing::Types<Reference, Fused, BFloat16>;
TYPED_TEST_SUITE(Everything, Executors);

/// Runs of students, not of the teacher.
const std::string kStudents = "run_key IN (SELECT run_key FROM sweep_runs)";

TYPED_TEST(Everything, TrainsOnEveryBackbone) {
  EXPECT_EQ(this->first_->status, 0) << this->first_->err;
  EXPECT_THAT(this->numbers("SELECT count(*) FROM runs WHERE status = 'done' AND invalid IS NULL"),
              testing::ElementsAre(4));
}

TYPED_TEST(Everything, HasLossTermsThatAddUp) {
  const auto gaps = this->numbers(
      "SELECT abs(sum(CASE name WHEN 'train.loss' THEN -value ELSE value END)) / "
      "max(CASE name WHEN 'train.loss' THEN value END) FROM metrics WHERE " +
      kStudents + " AND name IN ('train.loss', 'train.task', 'train.distill.logit') GROUP BY run_key, epoch");
  EXPECT_EQ(gaps.size(), 3u * kEpochs);
  EXPECT_THAT(gaps, testing::Each(testing::Lt(1e-6)));
  EXPECT_THAT(
      this->numbers("SELECT count(DISTINCT name) FROM metrics WHERE name LIKE 'train.%' AND " + kStudents),
      testing::ElementsAre(3))
      << "no term is left out of the sum";
}

TYPED_TEST(Everything, HasCountersThatAddUp) {
  const auto counted = [this](const std::string& name) {
    return this->numbers("SELECT value FROM counters WHERE " + kStudents + " AND name = '" + name + "'");
  };
  for (const auto* every_step :
       {"distill.logit.batches", "mix.mixup_or_cutmix.batches", "augment.randaugment.batches",
        "augment.crop.batches", "augment.flip.batches", "average.ema.updates"})
    EXPECT_THAT(counted(every_step),
                testing::ElementsAre(kEpochs * kSteps, kEpochs * kSteps, kEpochs * kSteps))
        << every_step;
  EXPECT_THAT(counted("reparam.branches.branches_added"), testing::Each(testing::Gt(0)));
}

TYPED_TEST(Everything, IsEvaluatedInEveryFormAndFusesExactly) {
  EXPECT_THAT(
      this->numbers("SELECT count(DISTINCT variant) FROM evaluations WHERE selected_by = 'last' AND " +
                    kStudents + " GROUP BY run_key"),
      testing::Each(5))
      << "raw, ema, both mirrored, fused";
  const auto differences =
      this->numbers("SELECT value FROM counters WHERE name = 'reparam.branches.fused_difference'");
  EXPECT_EQ(differences.size(), 3u);
  EXPECT_THAT(differences, testing::Each(testing::Lt(1e-4)));
  EXPECT_THAT(
      this->numbers(
          "SELECT abs(f.loss - e.loss) FROM evaluations f JOIN evaluations e USING (run_key, selected_by) "
          "WHERE f.variant = 'fused' AND e.variant = 'ema'"),
      testing::Each(testing::Lt(1e-5)));
}

TYPED_TEST(Everything, EndsWithTheSameLedgerWhenInterrupted) {
  Program coordinator(this->command("interrupted"));
  // the teacher is done and a student is on its way
  EXPECT_TRUE(eventually([this] {
    return occurrences(journals(this->store("interrupted")), R"("state":"done")") > 0 &&
           busy_worker(this->store("interrupted")) != 0;
  }));
  coordinator.signal(SIGTERM);
  EXPECT_EQ(coordinator.wait().status, 5);
  const auto again = run_ablate(this->command("interrupted"));
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(journals(this->store("interrupted")), testing::HasSubstr(R"("resumed_at":{)"));
  EXPECT_EQ(dump_of(this->store("interrupted")), dump_of(this->store("undisturbed")));
}

}  // namespace
}  // namespace ablate::testing_support

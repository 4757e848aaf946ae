#include <cmath>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

int test_size_of(int size, double scale) {
  return int(std::lround(scale * size));
}

class TestSize final : public Counting {
 public:
  struct Params {
    double scale = 1.25;
    int statistics_batches = 32;
  };
  explicit TestSize(const Params& p) : Counting("epochs"), p_(p) {}

  void begin(Setup& setup) override { size_ = test_size_of(setup.data().size, p_.scale); }
  std::optional<int> evaluation_size() const override { return size_; }
  int statistics_batches() const override { return p_.statistics_batches; }
  void after_epoch(EpochEnd&) override { count(); }

 private:
  Params p_;
  std::optional<int> size_;
};

}  // namespace

IngredientEntry curriculum_test_size() {
  using P = TestSize::Params;
  return describe<TestSize>(
      {.name = "curriculum.test_size",
       .stage = Stage::Curriculum,
       .doc = "Evaluate on images larger than those of training, with BatchNorm's statistics computed at "
              "that size.",
       .source = "Touvron et al. 2019, arXiv:1906.06423",
       .formula = "size = round(scale * S), S = size of the data",
       .interactions =
           "Not passive: `schedule.plateau` and the choice of the best epoch look at validation at this "
           "size, so runs that differ in it share no training. Statistics are computed for every copy of "
           "weights that is evaluated, averages too, in place of what their buffers say.",
       .only_evaluates = true,
       .neutral = {nlohmann::json::object({{"scale", 1.0}, {"statistics_batches", 0}})},
       .no_window = "evaluation has its size throughout",
       .counters = {"epochs"},
       .smallest_size = [](const nlohmann::json& settings,
                           int size) { return test_size_of(size, settings.at("scale")); }},
      Fields<P>{}
          .add("scale", &P::scale, between(0.25, 4), "size of evaluation, as a share of the size of training",
               "within the paper's 1.15 to 1.3; torchvision's recipes take 176 to 224")
          .add("statistics_batches", &P::statistics_batches, at_least(0),
               "batches of training images that statistics are computed from; 0: they stay as trained",
               "enough for the means to settle"));
}

}  // namespace ablate::ingredients

#include <fmt/format.h>

#include "harness/data/catalogue.h"
#include "harness/data/synthetic_drawing.h"

namespace ablate::data {
namespace {

struct Synthetic : DataOptions {
  int classes = 10;
  int train = 4000;
  int test = 1000;
  std::int64_t seed = 1;
  double difficulty = 0.5;
  Synthetic() {
    size = 16;
    std = {0.19, 0.19, 0.19};
  }
};

class SyntheticSource final : public DataSource {
 public:
  explicit SyntheticSource(const Synthetic& settings) : settings_(settings) {}

  std::vector<std::string> classes() const override {
    std::vector<std::string> names;
    for (int kind = 0; kind < settings_.classes; ++kind) names.push_back(drawing_name(kind));
    return names;
  }
  std::size_t size() const override { return std::size_t(settings_.train) + settings_.test; }

  StoredImage read(std::size_t index) const override {
    const bool train = index < std::size_t(settings_.train);
    const std::size_t number = train ? index : index - settings_.train;
    const int label = int(number % settings_.classes);
    const Stream stream(settings_.seed, train ? "data.synthetic.train" : "data.synthetic.test");
    return {.split = train ? Split::Train : Split::Test,
            .label = label,
            .path = fmt::format("{}#{}", train ? "train" : "test", number),
            .bytes = draw_picture(label, {settings_.size, settings_.difficulty}, stream.at(0, number)),
            .height = settings_.size,
            .width = settings_.size};
  }

  std::string stamp() const override {
    return fmt::format("{} classes, {} pixels, {} + {} images, seed {}, difficulty {}", settings_.classes,
                       settings_.size, settings_.train, settings_.test, settings_.seed, settings_.difficulty);
  }
  bool drawn() const override { return true; }

 private:
  Synthetic settings_;
};

DataFacts synthetic_facts(const Synthetic& settings) {
  return {.classes = settings.classes, .size = settings.size};
}

std::unique_ptr<DataSource> open_synthetic(const Synthetic& settings) {
  return std::make_unique<SyntheticSource>(settings);
}

}  // namespace

DataEntry synthetic() {
  return describe(
      {.name = "synthetic",
       .doc = "Shapes drawn from a seed, at any size and in any number, without files: for tests and first "
              "steps.",
       .source = "drawn by this program"},
      synthetic_facts, open_synthetic,
      Fields<Synthetic>{}
          .add("classes", &Synthetic::classes, between(2, drawing_kinds()),
               "ten shapes, then the same striped, checked and halved")
          .add("train", &Synthetic::train, between(1, 10'000'000), "training images, the classes in turn")
          .add("test", &Synthetic::test, between(1, 10'000'000), "test images")
          .add("seed", &Synthetic::seed, at_least(0), "of the pictures; no business of a run's seed")
          .add("difficulty", &Synthetic::difficulty, between(0, 1),
               "of noise, clutter, low contrast and the range of poses"));
}

}  // namespace ablate::data

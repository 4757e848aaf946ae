#include <optional>

#include "harness/data/image_operations.h"
#include "ingredients/augment/tally.h"

namespace ablate::ingredients {
namespace {

class RandomFlip final : public Ingredient {
 public:
  struct Params {
    double probability = 0.5;
  };
  explicit RandomFlip(const Params& p) : p_(p) {}

  void begin(Setup& setup) override { stream_ = setup.stream(setup.name()); }
  bool augments() const override { return p_.probability > 0; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = stream_->at(at.epoch, at.draw_index());
    if (draw.chance(p_.probability)) flip_horizontal(image);
    tally_.seen();
  }
  void transform_batch(Batch&, const Progress&) override { tally_.batch(); }
  void save(Archive& archive) const override { tally_.save(archive); }
  void load(const Archive& archive) override { tally_.load(archive); }
  Counters counters() const override { return tally_.counters(); }

 private:
  Params p_;
  std::optional<Stream> stream_;
  Tally tally_;
};

}  // namespace

IngredientEntry augment_flip() {
  using P = RandomFlip::Params;
  return describe<RandomFlip>(
      {.name = "augment.flip",
       .stage = Stage::Flip,
       .doc = "Mirror the image left to right.",
       .source = "Krizhevsky, Sutskever, Hinton 2012, section 4.1",
       .neutral = {nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"}},
      Fields<P>{}.add("probability", &P::probability, between(0, 1), "that an image is mirrored"));
}

}  // namespace ablate::ingredients

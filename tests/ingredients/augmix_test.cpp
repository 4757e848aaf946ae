#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/data/image_fixture.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

at::Tensor filled_logits(const nlohmann::json& set, const std::string& who) {
  const auto shape = set.at("shape").get<std::vector<std::int64_t>>();
  std::vector<double> values;
  if (set.contains(who))
    for (const auto& row : set[who]) values.insert(values.end(), row.begin(), row.end());
  for (std::int64_t i = 0; values.size() < std::size_t(shape[0] * shape[1]); ++i) {
    const double product = set.at("fill").at("scale_" + who).get<double>() *
                           signed_fill(set["fill"].at("stream_" + who), std::uint64_t(i));
    values.push_back(static_cast<float>(product));
  }
  return tensor_of(values, shape);
}

/// What augmix adds for logits of three views.
at::Tensor divergence(const at::Tensor& logits, double weight) {
  const auto augmix = make("augment.augmix", {{"jsd_weight", weight}});
  begin(*augmix, "augment.augmix");
  FakeStudent network{Weights{}};
  const Batch batch{.images = {},
                    .targets = at::zeros({logits.size(0) / 3, logits.size(1)}, at::kDouble),
                    .labels = {},
                    .ids = {},
                    .views = 3};
  const Output output{logits, {}};
  const Progress at{};
  const Pass pass{};
  Loss loss;
  augmix->add_loss({at, batch, output, {}, network, pass}, loss);
  return loss.total();
}

TEST(AugMixFixture, ReproducesTheDivergenceAndItsGradient) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  int cases = 0;
  for (const auto& one : fixture.at("cases")) {
    if (one.at("loss") != "jsd") continue;
    SCOPED_TRACE(one.at("set").get<std::string>());
    ++cases;
    const auto& set = fixture.at("sets").at(one.at("set").get<std::string>());
    const auto student = filled_logits(set, "student").requires_grad_();
    const auto labels = at::tensor(set.at("labels").get<std::vector<std::int64_t>>());
    const auto views = at::cat({student, filled_logits(set, "teacher"), student.detach().flip(0)});
    const auto value =
        at::cross_entropy_loss(student, labels) + divergence(views, one.at("params").at("alpha"));
    EXPECT_NEAR(value.item<double>(), one.at("value").get<double>(), 1e-9);
    value.backward();
    const auto gradient = values_of(student.grad());
    const auto& stored = one.contains("grad") ? one["grad"] : nlohmann::json::array({one.at("grad_row0")});
    std::size_t i = 0;
    for (const auto& row : stored)
      for (const auto& expected : row) EXPECT_NEAR(gradient[i++], expected.get<double>(), 1e-9) << i;
  }
  EXPECT_GT(cases, 0);
}

TEST(AugMix, LeavesTheFirstViewCleanAndChangesTheOthersDifferently) {
  const auto augmix = make("augment.augmix");
  begin(*augmix, "augment.augmix");
  const auto image = fixture_image("smooth");
  int differ = 0;
  for (std::uint64_t id = 0; id < 50; ++id) {
    std::vector<std::string> digests;
    for (std::uint32_t view = 0; view < 3; ++view) {
      Image copy = image;
      augmix->augment(copy, {.id = id, .view = view});
      digests.push_back(digest_of_image(copy));
    }
    EXPECT_EQ(digests[0], digest_of_image(image));
    differ += digests[1] != digests[2] && digests[1] != digests[0];
  }
  EXPECT_GT(differ, 45);
}

TEST(AugMix, KeepsAnImageThatItsOperationsKeep) {
  // 32 all over, outside too: three bits are enough for it, and no threshold is as low. So shares must add up
  // to 1.
  const auto augmix = make("augment.augmix", {{"views", 1}, {"fill", {32, 32, 32}}});
  begin(*augmix, "augment.augmix");
  for (std::uint64_t id = 0; id < 200; ++id) {
    Image image = plain_image(16, 16, 32);
    augmix->augment(image, {.id = id});
    EXPECT_TRUE(image.pixels == plain_image(16, 16, 32).pixels) << id;
  }
}

TEST(AugMix, VanishesWhenTheViewsAgree) {
  const auto logits =
      filled_logits(read_fixture(fixture_folder() / "losses.json").at("sets").at("hand_2x3"), "student");
  EXPECT_NEAR(divergence(at::cat({logits, logits, logits}), 12).item<double>(), 0, 1e-12);
}

}  // namespace
}  // namespace ablate::test

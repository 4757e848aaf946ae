#include "harness/train/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "harness/train/base64.h"

namespace ablate::training {
namespace {

Scores scores_of(const std::vector<std::vector<float>>& rows, const std::vector<int>& labels) {
  Scores scores;
  for (std::size_t i = 0; i < rows.size(); ++i) scores.add(rows[i], labels[i]);
  return scores;
}

TEST(Scores, CountsTheFirstAndTheFirstFive) {
  const std::vector<float> row{6, 5, 4, 3, 2, 1, 0};
  const auto scores = scores_of({row, row, row, row}, {0, 4, 5, 1});
  EXPECT_EQ(scores.images(), 4);
  EXPECT_DOUBLE_EQ(scores.top1(), 0.25);
  EXPECT_DOUBLE_EQ(scores.top5(), 0.75);
}

TEST(Scores, GivesATieToTheLowerClass) {
  EXPECT_EQ(scores_of({{2, 2, 0}}, {0}).top1(), 1);
  EXPECT_EQ(scores_of({{2, 2, 0}}, {1}).top1(), 0);
}

TEST(Scores, LossIsTheMeanNegativeLogarithmOfTheLabelsProbability) {
  // Probabilities 1/4 and 3/4 from logits 0 and log 3; the second row says 1/2, 1/2.
  const float third = std::log(3.0f);
  const auto scores = scores_of({{0, third}, {1, 1}}, {1, 0});
  EXPECT_NEAR(scores.loss(), (std::log(4.0 / 3) + std::log(2.0)) / 2, 1e-7);
}

TEST(Scores, LossOfLargeLogitsDoesNotOverflow) {
  EXPECT_NEAR(scores_of({{1000, 0}}, {1}).loss(), 1000, 1e-9);
}

TEST(Scores, CalibrationErrorIsTheGapBetweenConfidenceAndAccuracy) {
  // Three answers of confidence 3/4, two of them right: they share a bin, whose gap is 3/4 - 2/3. One of
  // confidence 1/2, right.
  const float third = std::log(3.0f);
  const auto scores = scores_of({{0, third}, {0, third}, {0, third}, {0, 0}}, {1, 1, 0, 0});
  EXPECT_NEAR(scores.calibration_error(), (3 * (0.75 - 2.0 / 3) + 0.5) / 4, 1e-7);
}

TEST(Scores, CalibrationBinsHoldTheirUpperBound) {
  // Confidence 1 falls into the last bin with 0.99: gap |2 - 1 - 0.99...| of the pair, not the sum of both
  // gaps.
  const float sure = 1000, nearly = std::log(99.0f);
  const auto scores = scores_of({{sure, 0}, {nearly, 0}}, {1, 0});
  EXPECT_NEAR(scores.calibration_error(), (1.99 - 1) / 2, 1e-6);
}

TEST(Scores, ARowThatIsNoNumberIsWrongAndSaysSo) {
  const auto scores = scores_of({{std::numeric_limits<float>::quiet_NaN(), 0}}, {0});
  EXPECT_EQ(scores.top1(), 0);
  EXPECT_EQ(scores.top5(), 0);
  EXPECT_TRUE(std::isnan(scores.loss()));
}

TEST(Scores, KeepsOneBitAnImageLowestFirst) {
  const std::vector<float> row{1, 0};
  const auto scores = scores_of(std::vector(9, row), {0, 1, 0, 0, 1, 1, 1, 1, 0});
  EXPECT_EQ(scores.correct(), (std::vector<std::uint8_t>{0b00001101, 1}));
}

TEST(Base64, WritesTheExamplesOfItsStandard) {
  const auto text_of = [](const std::string& text) { return to_base64({text.begin(), text.end()}); };
  EXPECT_EQ(text_of(""), "");  // RFC 4648, section 10
  EXPECT_EQ(text_of("f"), "Zg==");
  EXPECT_EQ(text_of("fo"), "Zm8=");
  EXPECT_EQ(text_of("foo"), "Zm9v");
  EXPECT_EQ(text_of("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace ablate::training

#include "harness/train/view_outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

namespace ablate::training {
namespace {

/// Less probable than e^-24 counts as that: half precision has no smaller ones that could be told apart from
/// impossible.
constexpr double kFloor = -24;

}  // namespace

ViewOutputs condensed(const at::Tensor& logits, int top) {
  const auto classes = logits.size(1);
  TORCH_CHECK(classes <= std::numeric_limits<std::int16_t>::max(), "too many classes to store: ", classes);
  const auto log_p = at::log_softmax(logits.to(at::kDouble), 1);
  const auto [values, indices] = at::topk(log_p, std::min<std::int64_t>(top, classes), 1);
  const auto others = log_p.scatter(1, indices, -std::numeric_limits<double>::infinity());
  const auto kept = at::cat({values, at::logsumexp(others, 1, true)}, 1).clamp_min(kFloor);
  return {indices.to(at::kShort), kept.to(at::kHalf)};
}

at::Tensor restored_logits(const ViewOutputs& outputs, int classes) {
  const auto top = outputs.classes.size(1);
  const auto kept = outputs.log_probabilities.to(at::kFloat);
  auto each_other = kept.narrow(1, top, 1);
  if (classes > top) each_other = each_other - std::log(double(classes - top));
  return each_other.expand({outputs.classes.size(0), classes})
      .clone(at::MemoryFormat::Contiguous)
      .scatter_(1, outputs.classes.to(at::kLong), kept.narrow(1, 0, top));
}

ViewOutputs joined(const std::vector<ViewOutputs>& parts) {
  std::vector<at::Tensor> classes, log_probabilities;
  for (const auto& part : parts) {
    classes.push_back(part.classes);
    log_probabilities.push_back(part.log_probabilities);
  }
  return {at::cat(classes), at::cat(log_probabilities)};
}

StoredTeacher::StoredTeacher(const std::vector<std::uint32_t>& ids, int classes, MakeView make)
    : row_of_(ids.empty() ? 0 : *std::ranges::max_element(ids) + std::size_t(1), -1),
      classes_(classes),
      make_(std::move(make)) {
  for (std::size_t row = 0; row < ids.size(); ++row) row_of_[ids[row]] = std::int64_t(row);
}

bool StoredTeacher::turn_to(int view, const std::atomic<bool>& stop) {
  if (view == view_) return true;
  auto outputs = make_(view, stop);
  if (!outputs) return false;
  outputs_ = std::move(*outputs);
  view_ = view;
  return true;
}

at::Tensor StoredTeacher::logits(const std::vector<std::uint32_t>& ids) const {
  auto rows = at::empty({std::int64_t(ids.size())}, at::kLong);
  auto* row = rows.data_ptr<std::int64_t>();
  for (const auto id : ids) *row++ = row_of_.at(id);
  return restored_logits(
      {outputs_.classes.index_select(0, rows), outputs_.log_probabilities.index_select(0, rows)}, classes_);
}

}  // namespace ablate::training

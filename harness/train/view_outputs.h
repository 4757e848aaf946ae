#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace ablate::training {

/// What a teacher says of N images, kept small: its k largest log-probabilities, and what is left for all
/// other classes together (marginal smoothing: Shen and Xing 2022, arXiv:2112.01528, section 3.2).
struct ViewOutputs {
  at::Tensor classes;            // [N, k], int16, the most probable first
  at::Tensor log_probabilities;  // [N, k + 1], half; the last one is of the other classes together
};

/// Of logits [N, C] of at most 32767 classes; k is `top` or C if that is less.
ViewOutputs condensed(const at::Tensor& logits, int top);
/// Log-probabilities [N, C]: the classes that were not kept share evenly what was left for them.
at::Tensor restored_logits(const ViewOutputs& outputs, int classes);
/// Rows of several, one after the other.
ViewOutputs joined(const std::vector<ViewOutputs>& parts);

/// The outputs of one view, or nothing when it was told to stop.
using MakeView = std::function<std::optional<ViewOutputs>(int view, const std::atomic<bool>& stop)>;

/// Looks in the folder's files first, a file a view, and puts there what it had to make; one process makes a
/// view while others wait. A file that is missing or damaged costs time, never a bit.
MakeView stored_in(const std::filesystem::path& folder, MakeView make);

/// Outputs that another program computed for the views that `ablate views` wrote: tensors `classes`
/// [M, N, k] and `log_probabilities` [M, N, k + 1]. `description` is that of the views which training shows.
/// Throws Error when they are of other views, fewer than `views`, or of other shapes or classes.
MakeView read_from(const std::filesystem::path& file, const nlohmann::json& description, int views,
                   int classes);

/// A teacher whose outputs are looked up by sample.
class StoredTeacher {
 public:
  /// `ids`: the samples behind the rows of every view, as indices in the pack.
  StoredTeacher(const std::vector<std::uint32_t>& ids, int classes, MakeView make);

  /// From now on `logits` is of that view. False when it was told to stop.
  bool turn_to(int view, const std::atomic<bool>& stop);
  /// [n, C], as `restored_logits`. The samples are among `ids`.
  at::Tensor logits(const std::vector<std::uint32_t>& ids) const;

 private:
  std::vector<std::int64_t> row_of_;  // by index in the pack, -1 for others
  int classes_;
  MakeView make_;
  int view_ = -1;
  ViewOutputs outputs_;
};

}  // namespace ablate::training

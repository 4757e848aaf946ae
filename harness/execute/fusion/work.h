#pragma once

#include <ATen/core/Tensor.h>

#include <any>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/execute/fusion/layout.h"
#include "harness/execute/fusion/rows.h"
#include "harness/execute/threads.h"
#include "harness/execute/weights.h"
#include "harness/kernels/convolution.h"
#include "harness/kernels/maps.h"

namespace ablate::fusion {

class Step;

/// Time spent in steps of LibTorch's operations, of all passes through a network.
using LibraryClock = std::atomic<std::int64_t>;  // nanoseconds

/// Weights of convolutions as their kernels multiply them, by entry: kept for several passes with one table.
using PackedCache = std::map<std::size_t, kernels::PackedWeights>;

/// The maps of one pass through a layout, then its gradients.
class Work {
 public:
  /// images [N, C, H, W], float32. `recording`: everything that a backward pass reads is kept.
  Work(std::shared_ptr<const Layout> layout, const Weights& weights, const Pass& pass,
       const at::Tensor& images, bool recording, std::shared_ptr<LibraryClock> clock,
       PackedCache* packed = nullptr);

  void forward();
  /// The same for a pass in which images do not depend on each other and nothing is recorded: each of the
  /// layout's segments for so few images at a time that their maps stay in the caches.
  void forward_in_slices();
  /// A view as a tensor [N, C, H, W], channels_last.
  at::Tensor tensor_of(const View& view) const;

  /// The gradient [N, C, H, W] of what tensor_of gave.
  struct Gradient {
    View view;
    at::Tensor values;
  };
  /// All gradients that follow from these. `release`: maps are freed as soon as they are no longer needed.
  /// `gather`: those of the weights are for their own buffer, where they are written if it is cleared.
  void backward(const std::vector<Gradient>& gradients, bool release, bool gather);
  /// One for each trained tensor of the weights, undefined where it needs none or has it already.
  std::vector<at::Tensor> trained_gradients() const;
  /// [N, C, H, W]; undefined when the images need none.
  at::Tensor image_gradient();

  // For steps.
  const Pass& pass() const { return pass_; }
  /// The entries of the weights, in their order.
  const std::vector<at::Tensor>& tensors() const { return tensors_; }
  bool recording() const { return recording_; }
  /// Null: nothing is kept for another pass.
  PackedCache* packed() const { return packed_; }
  std::int64_t images() const { return images_; }
  const Root& root(const View& view) const { return layout_->roots[view.root]; }
  std::int64_t rows(const View& view) const;

  /// True when writers finish the view's root: nothing is recorded, and statistics are those of the network.
  bool finishes(const View& view) const {
    return !pass_.training && !recording_ && packed_ && root(view).finish;
  }
  kernels::Finish finish(const View& view) const;
  kernels::Source source(const View& view) const;
  /// The raw values, without BatchNorm and activation.
  kernels::Source raw(const View& view) const;
  /// Where a step writes a view; the root's memory is made on first use.
  Rows output(const View& view);
  /// The view is a whole root, and its memory is this one; a map [N, C, H, W].
  void share(const View& view, const Rows& rows);
  void share(const View& view, const at::Tensor& map);
  Rows rows_of(const View& view) const;
  /// A view that is read as it stands, in float32 (without a copy if it is): [N, C, H, W].
  at::Tensor plain(const View& view) const;
  /// Memory for a map of that view's shape.
  Rows scratch(const View& view) const;
  /// What a step keeps for its gradient.
  template <class T>
  void keep(const Step& step, T value) {
    kept_[&step] = std::move(value);
  }
  template <class T>
  const T& kept(const Step& step) const {
    return *std::any_cast<T>(&kept_.at(&step));
  }

  /// Per channel of the view, in all roots' arrays: scale and shift of readers, the centre of `dot`;
  /// BatchNorm's mean and 1 / deviation; sums of the gradient.
  float* scale(const View& view) { return &scale_[channel(view)]; }
  float* shift(const View& view) { return &shift_[channel(view)]; }
  float* centre(const View& view) { return &centre_[channel(view)]; }
  double* mean(const View& view) { return &mean_[channel(view)]; }
  double* deviation(const View& view) { return &deviation_[channel(view)]; }
  double* sum(const View& view) { return &sum_[channel(view)]; }
  double* dot(const View& view) { return &dot_[channel(view)]; }

  /// False when nobody wants the gradient of that view (of the images).
  bool wanted(const View& view) const;
  /// Where a reader of the view puts its part of the gradient, and the sums.
  kernels::GradientOut part(const View& view);
  /// For a reader whose part is `rows` as they are: takes them over where it can, and only adds up the sums.
  void pass_on(const View& view, const Rows& rows);
  void pass_on(const View& view, const at::Tensor& map);
  /// The whole gradient of a view, when all readers gave their part. The step that wrote the view asks for it
  /// before it gives its own parts.
  Rows gradient(const View& view);
  at::Tensor gradient_tensor(const View& view);
  /// Where the gradient of a weight goes; null when it needs none.
  float* weight_gradient(std::size_t entry);
  void set_weight_gradient(std::size_t entry, const at::Tensor& gradient);
  const float* weight(std::size_t entry) const;

 private:
  struct Map {
    Rows values, gradient;
    bool shared_gradient = false;  // another map's too: not to be written
    std::vector<char> covered;     // channels that have a gradient
    std::vector<char> read;  // channels whose gradient only the step that wrote them still needs, and has
  };

  /// Images of the pass, of which a segment works on some.
  struct Slice {
    std::int64_t first = 0, all = 0;
    std::vector<Rows> whole;  // of each root that segments share: all images; empty: no slices
  };

  void run(std::size_t begin, std::size_t end);
  void take_slice(std::int64_t first, std::int64_t images);
  Rows in_slice(int root) const;
  Rows made(int root);
  std::size_t channel(const View& view) const { return first_channel_[view.root] + view.offset; }
  template <class Body>
  void timed(const Step& step, const Body& body);
  Rows as_stored(const Rows& rows, const View& view) const;
  void own(const View& view);
  kernels::GradientOut sums_of(const View& view);

  std::shared_ptr<const Layout> layout_;
  std::vector<at::Tensor> tensors_;
  std::vector<std::size_t> trained_entries_;
  Pass pass_;
  std::int64_t images_;
  bool recording_, image_gradient_wanted_;
  std::shared_ptr<LibraryClock> clock_;
  PackedCache* packed_;
  std::vector<Map> maps_;
  Slice slice_;
  std::vector<std::size_t> first_channel_;
  std::vector<float> scale_, shift_, centre_;
  std::vector<double> mean_, deviation_, sum_, dot_;
  std::vector<int> writers_;         // per root: steps that wrote into it
  std::vector<at::Tensor> retired_;  // gradients that a step still reads though its map has new ones
  std::map<const Step*, std::any> kept_;
  std::int64_t trained_;                             // elements of the trained weights
  std::shared_ptr<GradientBuffer> gradient_buffer_;  // the weights' own; may be null
  at::Tensor weight_gradients_;
  bool gathered_ = false;  // these are the values of the weights' own buffer
};

}  // namespace ablate::fusion

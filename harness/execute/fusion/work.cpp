#include "harness/execute/fusion/work.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/execute/fusion/step.h"
#include "harness/kernels/elementwise.h"

namespace ablate::fusion {

Work::Work(std::shared_ptr<const Layout> layout, const Weights& weights, const Pass& pass,
           const at::Tensor& images, bool recording, std::shared_ptr<LibraryClock> clock, PackedCache* packed)
    : layout_(std::move(layout)),
      tensors_(weights.tensors()),
      pass_(pass),
      images_(images.size(0)),
      recording_(recording),
      image_gradient_wanted_(images.requires_grad()),
      clock_(std::move(clock)),
      packed_(packed),
      maps_(layout_->roots.size()),
      writers_(layout_->roots.size(), 0),
      trained_(weights.trained().numel()),
      gradient_buffer_(weights.gradient_buffer()) {
  for (std::size_t i = 0; i < weights.entries().size(); ++i)
    if (weights.entries()[i].trained()) trained_entries_.push_back(i);
  std::size_t channels = 0;
  for (const auto& root : layout_->roots) {
    first_channel_.push_back(channels);
    channels += root.shape.channels;
  }
  scale_.assign(channels, 1);
  shift_.assign(channels, 0);
  centre_.assign(channels, 0);
  for (auto* values : {&mean_, &deviation_, &sum_, &dot_}) values->assign(channels, 0);
  maps_[0].values = rows_from(images.detach());
}

template <class Body>
void Work::timed(const Step& step, const Body& body) {
  if (!step.is_library()) return body();
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  body();
  *clock_ += std::chrono::nanoseconds(Clock::now() - start).count();
}

void Work::forward() {
  run(0, layout_->steps.size());
}

void Work::run(std::size_t begin, std::size_t end) {
  for (std::size_t s = begin; s < end; ++s) {
    const auto& step = *layout_->steps[s];
    timed(step, [&] { step.forward(*this); });
    if (!recording_)
      for (const int root : layout_->last_used[s]) maps_[root].values = {};
  }
}

std::int64_t Work::rows(const View& view) const {
  const auto& shape = root(view).shape;
  return images_ * shape.height * shape.width;
}

kernels::Finish Work::finish(const View& view) const {
  if (!finishes(view)) return {};
  return {&scale_[channel(view)], &shift_[channel(view)], *root(view).finish};
}

kernels::Source Work::source(const View& view) const {
  auto source = raw(view);
  if (root(view).affine && !finishes(view)) {
    source.scale = &scale_[channel(view)];
    source.shift = &shift_[channel(view)];
    source.act = view.act;
  }
  return source;
}

kernels::Source Work::raw(const View& view) const {
  const auto& values = maps_[view.root].values;
  return {.data = values.data + view.offset, .stride = values.stride};
}

/// Rows of a whole root in the type that it is stored in.
Rows Work::as_stored(const Rows& rows, const View& view) const {
  const auto& to = root(view);
  if (rows.data.type() == to.type) return rows;
  const auto stored = make_rows(images_, to.shape, to.type);
  const kernels::Source source[] = {{.data = rows.data, .stride = rows.stride}};
  kernels::sum_forward(this->rows(view), to.shape.channels, source, stored.data, stored.stride, threads());
  return stored;
}

Rows Work::output(const View& view) {
  auto& map = maps_[view.root];
  if (!map.values.data) map.values = made(view.root);
  ++writers_[view.root];
  return from_channel(map.values, view.offset);
}

void Work::share(const View& view, const Rows& rows) {
  if (!slice_.whole.empty() && layout_->crosses[view.root])
    return copy(this->rows(view), view.channels, rows, output(view));
  maps_[view.root].values = as_stored(rows, view);
  ++writers_[view.root];
}

void Work::share(const View& view, const at::Tensor& map) {
  const auto& shape = root(view).shape;
  share(view, rows_from(map.view({images_, shape.channels, shape.height, shape.width})));
}

Rows Work::rows_of(const View& view) const {
  return from_channel(maps_[view.root].values, view.offset);
}

at::Tensor Work::plain(const View& view) const {
  return tensor_from(rows_of(view), images_, root(view).shape, view.channels);
}

at::Tensor Work::gradient_tensor(const View& view) {
  return tensor_from(gradient(view), images_, root(view).shape, view.channels);
}

Rows Work::scratch(const View& view) const {
  auto shape = root(view).shape;
  shape.channels = view.channels;
  return make_rows(images_, shape, root(view).type);
}

at::Tensor Work::tensor_of(const View& view) const {
  const auto& shape = root(view).shape;
  const auto out =
      at::empty({images_, shape.height, shape.width, view.channels}, at::TensorOptions(at::kFloat));
  const kernels::Source sources[] = {source(view)};
  kernels::sum_forward(rows(view), view.channels, sources, out.mutable_data_ptr<float>(), view.channels,
                       threads());
  return out.permute({0, 3, 1, 2});
}

bool Work::wanted(const View& view) const {
  return view.root != 0 || image_gradient_wanted_;
}

/// Gives the root's gradient memory of its own. Of what was there, channels are taken over that are not the
/// view's and that somebody is still to read.
void Work::own(const View& view) {
  auto& map = maps_[view.root];
  const auto old = map.gradient;
  const auto& shape = root(view).shape;
  map.gradient = make_rows(images_, shape, root(view).type);
  map.shared_gradient = false;
  if (!old.data) return;
  const auto kept = [&](int c) {
    return !map.read[c] && (c < view.offset || c >= view.offset + view.channels);
  };
  for (int c = 0, end = 0; c < shape.channels; c = end) {
    while (++end < shape.channels && kept(end) == kept(c)) continue;
    if (kept(c)) copy(rows(view), end - c, from_channel(old, c), from_channel(map.gradient, c));
  }
  retired_.push_back(old.holder);
}

kernels::GradientOut Work::part(const View& view) {
  kernels::GradientOut out;
  if (!wanted(view)) return out;
  auto& map = maps_[view.root];
  if (map.covered.empty()) map.covered.assign(root(view).shape.channels, 0);
  const auto begin = map.covered.begin() + view.offset, end = begin + view.channels;
  const bool all = std::all_of(begin, end, [](char c) { return c; });
  const bool some = std::any_of(begin, end, [](char c) { return c; });
  const auto before = map.gradient;
  if (!map.gradient.data || map.shared_gradient) own(view);
  out.data = map.gradient.data + view.offset;
  out.stride = map.gradient.stride;
  if (some && !all)
    for (int c = 0; c < view.channels; ++c)
      if (!*(begin + c)) clear(rows(view), 1, out.data + c, out.stride);
  if (some) {
    const bool moved = before.data && !(before.data == map.gradient.data);
    out.base = moved ? before.data + view.offset : out.data;
    out.base_stride = moved ? before.stride : out.stride;
  }
  std::fill(begin, end, 1);
  const auto sums = sums_of(view);
  out.sum = sums.sum;
  out.dot = sums.dot;
  out.centre = sums.centre;
  return out;
}

kernels::GradientOut Work::sums_of(const View& view) {
  kernels::GradientOut out;
  if (!root(view).sums) return out;
  out.sum = sum(view);
  out.dot = dot(view);
  out.centre = centre(view);
  return out;
}

void Work::pass_on(const View& view, const Rows& rows) {
  if (!wanted(view)) return;
  auto& map = maps_[view.root];
  const bool whole = view.channels == root(view).shape.channels;
  const bool take =
      whole && view.act == Act::None && map.covered.empty() && rows.data.type() == root(view).type;
  const auto out = take ? sums_of(view) : part(view);
  if (take) {
    map.gradient = rows;
    map.shared_gradient = true;
    map.covered.assign(view.channels, 1);
  }
  if (out.data || out.sum)
    kernels::pass_gradient(this->rows(view), view.channels, rows.data, rows.stride, source(view), out,
                           threads());
}

void Work::pass_on(const View& view, const at::Tensor& map) {
  pass_on(view, rows_from(map));
}

Rows Work::gradient(const View& view) {
  auto& map = maps_[view.root];
  if (map.covered.empty()) map.covered.assign(root(view).shape.channels, 0);
  if (!map.gradient.data) own(view);
  for (int c = view.offset; c < view.offset + view.channels; ++c)
    if (!map.covered[c]) clear(rows(view), 1, map.gradient.data + c, map.gradient.stride);
  return from_channel(map.gradient, view.offset);
}

float* Work::weight_gradient(std::size_t entry) {
  const auto& tensor = tensors_[entry];
  return tensor.requires_grad() ? weight_gradients_.mutable_data_ptr<float>() + tensor.storage_offset()
                                : nullptr;
}

void Work::set_weight_gradient(std::size_t entry, const at::Tensor& gradient) {
  const auto& like = tensors_[entry];
  weight_gradients_.as_strided(like.sizes(), like.strides(), like.storage_offset()).copy_(gradient);
}

const float* Work::weight(std::size_t entry) const {
  return tensors_[entry].const_data_ptr<float>();
}

void Work::backward(const std::vector<Gradient>& gradients, bool release, bool gather) {
  std::fill(sum_.begin(), sum_.end(), 0);
  std::fill(dot_.begin(), dot_.end(), 0);
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    maps_[i].gradient = {};
    maps_[i].covered.clear();
    maps_[i].read.assign(layout_->roots[i].shape.channels, 0);
  }
  weight_gradients_ = gather && gradient_buffer_ ? gradient_buffer_->take(tensors_) : at::Tensor();
  gathered_ = weight_gradients_.defined();
  if (!gathered_) weight_gradients_ = at::zeros({trained_}, at::TensorOptions(at::kFloat));
  for (const auto& [view, gradient] : gradients) pass_on(view, gradient);
  auto writers = writers_;
  for (std::size_t s = layout_->steps.size(); s-- > 0;) {
    const auto& step = *layout_->steps[s];
    for (const auto& written : step.writes())
      std::fill_n(maps_[written.root].read.begin() + written.offset, written.channels, 1);
    timed(step, [&] { step.backward(*this); });
    retired_.clear();
    for (const auto& written : step.writes())
      if (--writers[written.root] == 0) {
        maps_[written.root].gradient = {};
        if (release) maps_[written.root].values = {};
      }
  }
}

std::vector<at::Tensor> Work::trained_gradients() const {
  std::vector<at::Tensor> gradients;
  for (const auto entry : trained_entries_) {
    const auto& like = tensors_[entry];
    gradients.push_back(
        gathered_ || !like.requires_grad()
            ? at::Tensor()
            : weight_gradients_.as_strided(like.sizes(), like.strides(), like.storage_offset()));
  }
  return gradients;
}

at::Tensor Work::image_gradient() {
  if (!image_gradient_wanted_) return {};
  const auto& shape = layout_->roots[0].shape;
  const auto rows = gradient({.root = 0, .offset = 0, .channels = shape.channels});
  return tensor_from(rows, images_, shape, shape.channels);
}

}  // namespace ablate::fusion

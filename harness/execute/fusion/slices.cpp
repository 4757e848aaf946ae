#include <algorithm>

#include "harness/execute/fusion/step.h"
#include "harness/execute/fusion/work.h"

namespace ablate::fusion {

void Work::forward_in_slices() {
  constexpr std::int64_t kCachedValues = 2 << 20;
  slice_.all = images_;
  slice_.whole.resize(maps_.size());
  slice_.whole[0] = maps_[0].values;
  std::size_t begin = 0;
  for (const auto& segment : layout_->segments) {
    const auto most = std::clamp<std::int64_t>(kCachedValues / segment.widest, 1, slice_.all);
    const auto slices = (slice_.all + most - 1) / most, images = (slice_.all + slices - 1) / slices;
    for (std::int64_t first = 0; first < slice_.all; first += images) {
      take_slice(first, std::min(images, slice_.all - first));
      run(begin, segment.end);
    }
    for (std::size_t s = begin; s < segment.end; ++s)
      for (const int root : layout_->last_used[s]) slice_.whole[root] = {};
    begin = segment.end;
  }
  take_slice(0, slice_.all);
}

void Work::take_slice(std::int64_t first, std::int64_t images) {
  slice_.first = first;
  images_ = images;
  for (std::size_t root = 0; root < maps_.size(); ++root)
    maps_[root].values = in_slice(static_cast<int>(root));
}

/// The slice of a root that segments share; nothing of others.
Rows Work::in_slice(int root) const {
  Rows rows = slice_.whole[root];
  if (!rows.data) return {};
  const auto& shape = layout_->roots[root].shape;
  rows.data = rows.data + slice_.first * shape.height * shape.width * rows.stride;
  return rows;
}

/// Memory for the images at hand.
Rows Work::made(int root) {
  const auto& [shape, affine, sums, type, finish] = layout_->roots[root];
  if (slice_.whole.empty() || !layout_->crosses[root]) return make_rows(images_, shape, type);
  slice_.whole[root] = make_rows(slice_.all, shape, type);
  return in_slice(root);
}

}  // namespace ablate::fusion

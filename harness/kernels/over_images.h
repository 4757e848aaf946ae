#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "harness/kernels/isa.h"
#include "harness/kernels/ranges.h"
#include "harness/kernels/scratch.h"
#include "harness/kernels/statistics.h"

namespace ablate::kernels {

/// Calls body(begin, end, sums) for all images of a map of shape s, in ranges that are worth handing to a
/// thread. sums: for each of the gradients that the body makes, where the range's sums of it go [2, C]; those
/// of all ranges are added in order.
template <class Shape, class Body, class... Out>
void over_images(const Shape& s, const ForEach& each, const Body& body, const Out&... gradients) {
  const Ranges images(s.images, rows_of_a_range(s.channels) / std::max(1, s.height * s.width));
  Scratch scratch;
  const std::array<ChunkGradients, sizeof...(Out)> all{
      ChunkGradients(scratch, images, s.channels, gradients)...};
  instruction_set();
  each(images.count, [&](std::int64_t i) {
    std::array<double*, sizeof...(Out)> sums{};
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] = all[k].of(i);
    body(images.begin(i), images.end(i), sums);
  });
  for (const auto& sums : all) sums.finish();
}

}  // namespace ablate::kernels

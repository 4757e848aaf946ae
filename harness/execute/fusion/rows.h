#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "harness/graph/graph.h"
#include "harness/kernels/maps.h"

namespace ablate::fusion {

/// Rows of values, a pixel each, kept alive by a tensor of their type.
struct Rows {
  at::Tensor holder;
  kernels::Values data;
  std::int64_t stride = 0;
};

/// Memory for a map [images, height, width, channels].
Rows make_rows(std::int64_t images, const Shape& shape, kernels::Type type);
/// Rows of a float32 tensor [N, C, H, W], in channels_last.
Rows rows_from(const at::Tensor& map);
/// The first `channels` of the rows as a float32 tensor [images, channels, height, width]; without a copy if
/// they are float32.
at::Tensor tensor_from(const Rows& rows, std::int64_t images, const Shape& shape, std::int64_t channels);

/// The same rows, from a channel on.
Rows from_channel(const Rows& rows, int channel);

void clear(std::int64_t rows, std::int64_t channels, kernels::Values data, std::int64_t stride);
/// Both of the same type.
void copy(std::int64_t rows, std::int64_t channels, const Rows& from, const Rows& to);

}  // namespace ablate::fusion

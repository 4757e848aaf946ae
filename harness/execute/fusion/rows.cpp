#include "harness/execute/fusion/rows.h"

#include <ATen/ops/empty.h>

#include <cstring>

namespace ablate::fusion {

Rows make_rows(std::int64_t images, const Shape& shape, kernels::Type type) {
  const auto scalars = type == kernels::Type::Float32 ? at::kFloat : at::kBFloat16;
  const auto map = at::empty({images, shape.height, shape.width, shape.channels}, at::TensorOptions(scalars));
  return {map, {static_cast<std::byte*>(map.mutable_data_ptr()), type}, shape.channels};
}

Rows rows_from(const at::Tensor& map) {
  const auto whole = map.contiguous(at::MemoryFormat::ChannelsLast);
  // A map of one channel or one pixel may count as contiguous with other strides; its memory is the same.
  return {whole, whole.mutable_data_ptr<float>(), whole.size(1)};
}

at::Tensor tensor_from(const Rows& rows, std::int64_t images, const Shape& shape, std::int64_t channels) {
  const std::int64_t pixel = rows.stride, row = pixel * shape.width, image = row * shape.height;
  const auto* first = static_cast<const std::byte*>(rows.holder.const_data_ptr());
  const auto offset = (rows.data.bytes() - first) / kernels::bytes_of(rows.data.type());
  return rows.holder
      .as_strided({images, channels, shape.height, shape.width}, {image, 1, row, pixel},
                  offset + rows.holder.storage_offset())
      .to(at::kFloat);
}

Rows from_channel(const Rows& rows, int channel) {
  return {rows.holder, rows.data + channel, rows.stride};
}

void clear(std::int64_t rows, std::int64_t channels, kernels::Values data, std::int64_t stride) {
  const auto bytes = channels * kernels::bytes_of(data.type());
  for (std::int64_t r = 0; r < rows; ++r) std::memset((data + r * stride).bytes(), 0, bytes);
}

void copy(std::int64_t rows, std::int64_t channels, const Rows& from, const Rows& to) {
  const auto bytes = channels * kernels::bytes_of(to.data.type());
  for (std::int64_t r = 0; r < rows; ++r)
    std::memcpy((to.data + r * to.stride).bytes(), (from.data + r * from.stride).bytes(), bytes);
}

}  // namespace ablate::fusion

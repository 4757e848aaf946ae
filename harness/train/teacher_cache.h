#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <vector>

namespace ablate::training {

/// Exact logits of one teacher: a file an epoch, a float32 record a step. Shared by processes; the lock on a
/// file makes one of them the producer of a record while the others wait for it. A file that is missing,
/// short or torn costs time, never a bit: what it lacks is computed.
class TeacherCache {
 public:
  explicit TeacherCache(std::filesystem::path folder);

  /// Where a record lies: an epoch's records are equally long, but for the last one.
  struct Place {
    int epoch = 0;  // from 0
    int step = 0;
    std::int64_t full_record = 0;  // floats of every record but a last, smaller one
  };
  /// The record of that shape, from the file or by `compute`, which stores it.
  at::Tensor get(const Place& place, const std::vector<std::int64_t>& shape,
                 const std::function<at::Tensor()>& compute) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace ablate::training

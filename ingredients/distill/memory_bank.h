#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Which images are contrasted with which: the training images, told apart by class.
class Negatives {
 public:
  /// `ids` are training images, `labels` those of every image in the pack.
  Negatives(std::vector<std::uint32_t> ids, const std::vector<int>& labels);

  std::int64_t images() const { return std::int64_t(ids_.size()); }
  /// For each of these images itself, then `count` draws, with replacement, from those of other classes (of
  /// all, where there is one class): [N, 1 + count], int64.
  at::Tensor pick(const std::vector<std::uint32_t>& anchors, int count, Draw draw) const;

 private:
  std::vector<std::uint32_t> ids_;  // by class
  std::vector<int> labels_;
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };
  std::vector<Range> of_class_;
};

/// A unit vector for each image of the pack, which follows the image's embedding.
class MemoryBank {
 public:
  /// Vectors of U(+-1 / sqrt(dimensions / 3)), drawn image by image.
  MemoryBank(std::int64_t images, int dimensions, const Stream& stream);

  /// exp(embedding . vector / temperature) for the images at `index` [N, M], by their mean over the first
  /// batch times the number of images: [N, M]. Gradients flow to the embeddings [N, dimensions].
  at::Tensor scores(const at::Tensor& embeddings, const at::Tensor& index, double temperature,
                    std::int64_t images);
  /// Each becomes momentum x itself + (1 - momentum) x the embedding, made a unit vector.
  void follow(const at::Tensor& index, const at::Tensor& embeddings, double momentum);

  void save(Archive& archive, const std::string& name) const;
  void load(const Archive& archive, const std::string& name);

 private:
  at::Tensor vectors_;
  double normaliser_ = 0;  // of scores; 0 before the first batch
};

}  // namespace ablate::ingredients

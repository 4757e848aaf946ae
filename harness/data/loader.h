#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/data/image.h"
#include "harness/data/pack.h"

namespace ablate {

/// Which sample is being made: what the draws of augmentation are keyed by.
struct SampleAt {
  std::uint32_t epoch = 0;
  std::uint64_t id = 0;      // index in the pack
  std::uint32_t view = 0;    // several views of one sample draw differently
  std::uint32_t repeat = 0;  // the how-manieth time the epoch shows this sample
  /// Index for a Stream's `at`: distinct for every (id, view, repeat).
  std::uint64_t draw_index() const {
    return id | (std::uint64_t(view) << 40) | (std::uint64_t(repeat) << 48);
  }
};

/// Changes an image in place; called from loader threads, so it must be const and draw only by SampleAt.
using ImageTransform = std::function<void(Image&, const SampleAt&)>;

/// A batch of bytes: images [views * N, H, W, 3]; image i of view v stands at v * N + i.
struct ByteBatch {
  int count = 0;  // N
  int views = 1;
  int height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint32_t> ids;  // [N], index in the pack
  std::vector<int> labels;         // [N]
};

struct LoaderSettings {
  int batch = 128;
  bool drop_last = false;
  int size = 32;  // height = width handed out; other images are resized and cropped as for evaluation first
  double crop = 1.0;  // of DataOptions
  /// The transform gets images as stored (random resized crops); what is not `size` after it is fitted then.
  bool whole = false;
  int views = 1;
  int threads = 1;   // 0: in the calling thread
  int prefetch = 0;  // batches ahead; 0: one for the next step, and one in the making by each thread
};

/// Hands out the batches of one epoch in order; the same bytes for any number of threads.
class Loader {
 public:
  /// `order`: pack indices in the order of the epoch; an index may occur several times. A null `transform`
  /// changes nothing. Starts at batch `first` (resuming needs no replay). `data` must outlive the loader.
  Loader(const PackedData& data, std::vector<std::uint32_t> order, ImageTransform transform,
         std::uint32_t epoch, const LoaderSettings& settings, std::size_t first = 0);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Of the whole epoch, whatever `first` was.
  std::size_t batches() const;
  /// False after the last batch. Throws what a loader thread threw (Error naming the image). `batch` may be
  /// used again and again: its buffers are recycled.
  bool next(ByteBatch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ablate

#include "harness/data/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "harness/core/problems.h"
#include "harness/data/image_operations.h"

namespace ablate {
namespace {

/// How often each entry of the order occurred before it.
std::vector<std::uint32_t> repeats_of(const std::vector<std::uint32_t>& order, std::size_t images) {
  std::vector<std::uint32_t> seen(images, 0), repeats;
  repeats.reserve(order.size());
  for (const std::uint32_t id : order) repeats.push_back(seen[id]++);
  return repeats;
}

/// Makes any batch of an epoch, in any thread.
struct BatchMaker {
  const PackedData& data;
  std::vector<std::uint32_t> order;
  ImageTransform transform;
  std::uint32_t epoch;
  LoaderSettings settings;
  std::vector<std::uint32_t> repeats;

  std::size_t batches() const {
    const std::size_t n = settings.batch;
    return settings.drop_last ? order.size() / n : (order.size() + n - 1) / n;
  }

  void make(std::size_t number, ByteBatch& batch) const {
    const std::size_t first = number * settings.batch;
    batch.count = int(std::min<std::size_t>(settings.batch, order.size() - first));
    batch.views = settings.views;
    batch.height = batch.width = settings.size;
    const std::size_t bytes = 3 * std::size_t(settings.size) * settings.size;
    batch.pixels.resize(bytes * batch.count * batch.views);
    batch.ids.assign(order.begin() + first, order.begin() + first + batch.count);
    batch.labels.resize(batch.count);
    for (int i = 0; i < batch.count; ++i) {
      batch.labels[i] = data.label(batch.ids[i]);
      const Image stored = fetch(batch.ids[i]);
      for (int v = 0; v < batch.views; ++v) {
        const SampleAt at{epoch, batch.ids[i], std::uint32_t(v), repeats[first + i]};
        const Image made = view(stored, at);
        std::memcpy(batch.pixels.data() + bytes * (std::size_t(v) * batch.count + i), made.pixels.data(),
                    bytes);
      }
    }
  }

 private:
  Image fetch(std::uint32_t id) const {
    try {
      Image image = data.image(id);
      if (!settings.whole) fit(image, settings.size, settings.crop);
      return image;
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", data.path(id), error.what()));
    }
  }

  Image view(Image image, const SampleAt& at) const {
    if (transform) transform(image, at);
    fit(image, settings.size, settings.crop);
    return image;
  }
};

/// How many batches are made or in the making.
std::size_t slots_of(const LoaderSettings& settings) {
  return std::size_t(std::max(1, settings.prefetch > 0 ? settings.prefetch : settings.threads + 1));
}

}  // namespace

/// Batches are made in order, each in a slot of its own.
struct Loader::State {
  struct Slot {
    ByteBatch batch;
    std::exception_ptr failure;
    bool ready = false;
  };

  BatchMaker maker;
  std::size_t wanted;   // the next batch to hand out
  std::size_t claimed;  // the next batch to make
  std::vector<Slot> slots;
  std::mutex mutex;
  std::condition_variable_any made, room;
  std::vector<std::jthread> threads;

  State(BatchMaker m, std::size_t first)
      : maker(std::move(m)), wanted(first), claimed(first), slots(slots_of(maker.settings)) {
    for (int i = 0; i < maker.settings.threads; ++i)
      threads.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }

  ~State() {
    for (auto& thread : threads) thread.request_stop();
  }

  Slot& slot(std::size_t number) { return slots[number % slots.size()]; }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    const auto may_claim = [&] { return claimed < wanted + slots.size(); };
    while (room.wait(lock, stop, may_claim) && claimed < maker.batches() && !stop.stop_requested()) {
      const std::size_t number = claimed++;
      Slot& mine = slot(number);
      lock.unlock();
      try {
        maker.make(number, mine.batch);
      } catch (...) {
        mine.failure = std::current_exception();
      }
      lock.lock();
      mine.ready = true;
      made.notify_all();
    }
  }

  void take(ByteBatch& batch) {
    std::unique_lock lock(mutex);
    Slot& next = slot(wanted);
    made.wait(lock, [&] { return next.ready; });
    next.ready = false;
    std::swap(batch, next.batch);
    const auto failure = std::exchange(next.failure, nullptr);
    ++wanted;
    room.notify_all();
    if (failure) std::rethrow_exception(failure);
  }
};

Loader::Loader(const PackedData& data, std::vector<std::uint32_t> order, ImageTransform transform,
               std::uint32_t epoch, const LoaderSettings& settings, std::size_t first) {
  auto repeats = repeats_of(order, data.size());
  BatchMaker maker{data, std::move(order), std::move(transform), epoch, settings, std::move(repeats)};
  state_ = std::make_unique<State>(std::move(maker), first);
}

Loader::~Loader() = default;

std::size_t Loader::batches() const {
  return state_->maker.batches();
}

bool Loader::next(ByteBatch& batch) {
  if (state_->wanted >= batches()) return false;
  if (state_->threads.empty())
    state_->maker.make(state_->wanted++, batch);
  else
    state_->take(batch);
  return true;
}

}  // namespace ablate

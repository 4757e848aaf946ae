#include "harness/train/batches.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace ablate::training {
namespace {

/// What loader threads do to a sample: every ingredient's crop and augmentation, in the kit's order.
/// Those that crop or mirror do the same to every view when `alike_crops`.
ImageTransform augmentation(const Kit& kit, int size, bool alike_crops) {
  std::vector<const Ingredient*> cropping, placing, augmenting;
  for (const auto& member : kit) {
    const bool places = member.entry->stage <= Stage::Flip;
    if (member->crops()) cropping.push_back(member.ingredient.get());
    if (member->augments()) (places ? placing : augmenting).push_back(member.ingredient.get());
  }
  if (cropping.empty() && placing.empty() && augmenting.empty()) return {};
  return [=](Image& image, const SampleAt& sample) {
    SampleAt placed = sample;
    if (alike_crops) placed.view = 0;
    for (const auto* ingredient : cropping) ingredient->crop(image, size, placed);
    for (const auto* ingredient : placing) ingredient->augment(image, placed);
    for (const auto* ingredient : augmenting) ingredient->augment(image, sample);
  };
}

EpochPlan plan_of(const Task& task, const Kit& kit, Progress at) {
  EpochPlan plan{{}, task.options.size, at.epoch};
  const auto& train = task.parts.train;
  plan.order.reserve(train.size());
  for (const auto position :
       task.stream("order").permutation(std::uint32_t(at.epoch), std::uint32_t(train.size())))
    plan.order.push_back(train[position]);
  at.step = 0;
  for (const auto& i : kit) i->plan_epoch(plan, at);
  return plan;
}

bool crop_themselves(const Kit& kit) {
  return std::any_of(kit.begin(), kit.end(), [](const Member& member) { return member->crops(); });
}

LoaderSettings loader_settings(const Task& task, int size, int batch, int threads) {
  LoaderSettings settings;
  settings.batch = batch;
  settings.size = size;
  settings.crop = task.options.crop;
  settings.threads = threads;
  return settings;
}

}  // namespace

Batch to_batch(const ByteBatch& bytes, int classes) {
  Batch batch;
  batch.images = at::empty({std::int64_t(bytes.views) * bytes.count, 3, bytes.height, bytes.width},
                           at::kFloat, at::MemoryFormat::ChannelsLast);
  auto* pixels = batch.images.data_ptr<float>();
  for (std::size_t i = 0; i < bytes.pixels.size(); ++i) pixels[i] = float(bytes.pixels[i]) / 255;
  batch.labels = at::empty({bytes.count}, at::kLong);
  std::copy(bytes.labels.begin(), bytes.labels.end(), batch.labels.data_ptr<std::int64_t>());
  batch.targets = at::zeros({bytes.count, classes}).scatter_(1, batch.labels.unsqueeze(1), 1);
  batch.ids = bytes.ids;
  batch.views = bytes.views;
  return batch;
}

EpochBatches::EpochBatches(const Task& task, const Kit& kit, const Progress& at, const Views& views,
                           int loader_threads)
    : classes_(task.classes()) {
  auto plan = plan_of(task, kit, at);
  auto settings = loader_settings(task, plan.size, task.train.batch, loader_threads);
  settings.drop_last = task.train.drop_last;
  settings.whole = crop_themselves(kit);
  settings.views = views.count;
  loader_ = std::make_unique<Loader>(*task.data, std::move(plan.order),
                                     augmentation(kit, plan.size, views.alike_crops),
                                     std::uint32_t(plan.draws), settings, std::size_t(at.step));
  TORCH_CHECK(loader_->batches() >= std::size_t(at.steps_per_epoch), "an ingredient shortened an epoch");
}

Batch EpochBatches::next() {
  ByteBatch bytes;
  TORCH_CHECK(loader_->next(bytes), "an epoch ended before its last step");
  return to_batch(bytes, classes_);
}

void each_plain_batch(const Task& task, const std::vector<std::uint32_t>& ids, const PlainBatches& how,
                      const std::function<bool(const Batch&)>& use) {
  Loader loader(*task.data, ids, how.transform, 0,
                loader_settings(task, how.size, how.batch, how.loader_threads));
  for (ByteBatch bytes; loader.next(bytes);)
    if (!use(to_batch(bytes, task.classes()))) return;
}

void each_of_view(const Task& task, const Kit& kit, int epoch, const PlainBatches& how,
                  const std::function<bool(const ByteBatch&)>& use) {
  auto settings = loader_settings(task, how.size, how.batch, how.loader_threads);
  settings.whole = crop_themselves(kit);
  Loader loader(*task.data, task.parts.train, augmentation(kit, how.size, false), std::uint32_t(epoch),
                settings);
  for (ByteBatch bytes; loader.next(bytes);)
    if (!use(bytes)) return;
}

}  // namespace ablate::training

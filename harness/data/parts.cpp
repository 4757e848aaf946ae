#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/data/pack.h"

namespace ablate {
namespace {

/// The training images of a class, by rising hash of their paths; `taken` of them are in use already.
struct HashedClass {
  std::vector<std::pair<std::string, std::uint32_t>> images;
  std::size_t taken = 0;
};

/// Takes n images: one of each class in turn, in label order, passing over classes that have no more.
std::vector<std::uint32_t> take(std::vector<HashedClass>& classes, std::size_t n) {
  std::vector<std::uint32_t> taken;
  while (taken.size() < n)
    for (auto& c : classes)
      if (taken.size() < n && c.taken < c.images.size()) taken.push_back(c.images[c.taken++].second);
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::vector<HashedClass> hashed_classes(const PackedData& data, const std::vector<std::uint32_t>& train) {
  std::vector<HashedClass> classes(data.classes().size());
  for (const std::uint32_t i : train) classes.at(data.label(i)).images.emplace_back(sha256(data.path(i)), i);
  for (auto& c : classes) std::sort(c.images.begin(), c.images.end());
  return classes;
}

}  // namespace

Parts parts_of(const PackedData& data, const DataOptions& options) {
  Parts parts;
  for (std::uint32_t i = 0; i < data.size(); ++i)
    (data.split(i) == Split::Test ? parts.test : parts.train).push_back(i);
  if (options.validation == 0 && options.subset == 0) return parts;

  const std::size_t all = parts.train.size(), held_out = std::size_t(options.validation);
  if (held_out >= all)
    throw Error(fmt::format("validation: {} of {} training images leave none to train on", held_out, all));
  const std::size_t rest = all - held_out, used = options.subset == 0 ? rest : std::size_t(options.subset);
  if (used > rest)
    throw Error(fmt::format("subset: {} training images are asked for, there are {}", used, rest));
  auto classes = hashed_classes(data, parts.train);
  parts.validation = take(classes, held_out);
  parts.train = take(classes, used);
  return parts;
}

}  // namespace ablate

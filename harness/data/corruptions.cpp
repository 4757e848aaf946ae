#include "harness/data/corruptions.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "harness/data/image_corruptions.h"

namespace ablate {
namespace {

constexpr int kSmall = 64;  // pixels

/// An operation's parameters at one severity; the second is 0 where there is only one.
using Level = std::array<double, 2>;
using Levels = std::array<Level, kSeverities>;

struct Entry {
  const char* name;
  Corruption (*make)(const Level&);
  Levels small, large;  // of CIFAR-10-C and of ImageNet-C, as the authors' scripts have them
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{
      {"gaussian_noise",
       [](const Level& p) { return gaussian_noise(p[0]); },
       {{{.04}, {.06}, {.08}, {.09}, {.10}}},
       {{{.08}, {.12}, {.18}, {.26}, {.38}}}},
      {"shot_noise",
       [](const Level& p) { return shot_noise(p[0]); },
       {{{500}, {250}, {100}, {75}, {50}}},
       {{{60}, {25}, {12}, {5}, {3}}}},
      {"impulse_noise",
       [](const Level& p) { return impulse_noise(p[0]); },
       {{{.01}, {.02}, {.03}, {.05}, {.07}}},
       {{{.03}, {.06}, {.09}, {.17}, {.27}}}},
      {"speckle_noise",
       [](const Level& p) { return speckle_noise(p[0]); },
       {{{.06}, {.10}, {.12}, {.16}, {.20}}},
       {{{.15}, {.20}, {.35}, {.45}, {.60}}}},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& corruption_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& entry : entries()) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

ImageTransform corruption(const std::string& name, int severity, int size) {
  assert(severity >= 1 && severity <= kSeverities);
  const auto entry = std::ranges::find(entries(), name, &Entry::name);
  assert(entry != entries().end());
  const auto& levels = size <= kSmall ? entry->small : entry->large;
  return [apply = entry->make(levels[std::size_t(severity) - 1]), severity,
          stream = Stream(0, "corruption." + name)](Image& image, const SampleAt& at) {
    apply(image, stream.at(std::uint32_t(severity), at.id));
  };
}

}  // namespace ablate

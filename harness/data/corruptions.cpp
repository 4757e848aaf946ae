#include "harness/data/corruptions.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "harness/data/image_corruptions.h"

namespace ablate {
namespace {

constexpr int kSmall = 64;  // pixels

/// An operation's parameters at one severity, in the order of its declaration; the others are 0.
using Level = std::array<double, 7>;
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
      {"gaussian_blur",
       [](const Level& p) { return gaussian_blur(p[0]); },
       {{{.4}, {.6}, {.7}, {.8}, {1}}},
       {{{1}, {2}, {3}, {4}, {6}}}},
      {"defocus_blur",
       [](const Level& p) { return defocus_blur(p[0], p[1]); },
       {{{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}}},
       {{{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}}}},
      {"glass_blur",
       [](const Level& p) { return glass_blur(p[0], int(p[1]), int(p[2])); },
       {{{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}}},
       {{{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}}}},
      {"motion_blur",
       [](const Level& p) { return motion_blur(p[0], p[1]); },
       {{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}}},
       {{{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}}}},
      {"zoom_blur",
       [](const Level& p) { return zoom_blur(p[0], p[1]); },
       {{{1.06, .01}, {1.11, .01}, {1.16, .01}, {1.21, .01}, {1.26, .01}}},
       {{{1.11, .01}, {1.16, .01}, {1.21, .02}, {1.26, .02}, {1.31, .03}}}},
      {"elastic_transform",
       [](const Level& p) { return elastic_transform(p[0], p[1], p[2]); },
       {{{0, 0, 2.56}, {1.6, 6.4, 2.24}, {2.56, 1.92, 1.92}, {3.2, 1.28, 1.6}, {3.2, .96, .96}}},
       {{{488, 170.8, 24.4},
         {488, 19.52, 48.8},
         {12.2, 2.44, 4.88},
         {17.08, 2.44, 4.88},
         {29.28, 2.44, 4.88}}}},
      {"snow",
       [](const Level& p) {
         return snow({p[0], p[1], p[2], p[3], p[4], p[5], p[6]});
       },
       {{{.1, .2, 1, .6, 8, 3, .95},
         {.1, .2, 1, .5, 10, 4, .9},
         {.15, .3, 1.75, .55, 10, 4, .9},
         {.25, .3, 2.25, .6, 12, 6, .85},
         {.3, .3, 1.25, .65, 14, 12, .8}}},
       {{{.1, .3, 3, .5, 10, 4, .8},
         {.2, .3, 2, .5, 12, 4, .7},
         {.55, .3, 4, .9, 12, 8, .7},
         {.55, .3, 4.5, .85, 12, 8, .65},
         {.55, .3, 2.5, .85, 12, 12, .55}}}},
      {"fog",
       [](const Level& p) { return fog(p[0], p[1]); },
       {{{.2, 3}, {.5, 3}, {.75, 2.5}, {1, 2}, {1.5, 1.75}}},
       {{{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}}}},
      {"spatter",
       [](const Level& p) {
         return spatter({p[0], p[1], p[2], p[3], p[4], p[5] != 0});
       },
       {{{.62, .1, .7, .7, .5, 0},
         {.65, .1, .8, .7, .5, 0},
         {.65, .3, 1, .69, .5, 0},
         {.65, .1, .7, .69, .6, 1},
         {.65, .1, .5, .68, .6, 1}}},
       {{{.65, .3, 4, .69, .6, 0},
         {.65, .3, 3, .68, .6, 0},
         {.65, .3, 2, .68, .5, 0},
         {.65, .3, 1, .65, 1.5, 1},
         {.67, .4, 1, .65, 1.5, 1}}}},
      {"brightness",
       [](const Level& p) { return brightness(p[0]); },
       {{{.05}, {.10}, {.15}, {.20}, {.30}}},
       {{{.1}, {.2}, {.3}, {.4}, {.5}}}},
      {"contrast",
       [](const Level& p) { return contrast(p[0]); },
       {{{.75}, {.50}, {.40}, {.30}, {.15}}},
       {{{.40}, {.30}, {.20}, {.10}, {.05}}}},
      {"saturate",
       [](const Level& p) { return saturate(p[0], p[1]); },
       {{{.3, 0}, {.1, 0}, {1.5, 0}, {2, .1}, {2.5, .2}}},
       {{{.3, 0}, {.1, 0}, {2, 0}, {5, .1}, {20, .2}}}},
      {"jpeg_compression",
       [](const Level& p) { return jpeg_compression(int(p[0])); },
       {{{80}, {65}, {58}, {50}, {40}}},
       {{{25}, {18}, {15}, {10}, {7}}}},
      {"pixelate",
       [](const Level& p) { return pixelate(p[0]); },
       {{{.95}, {.90}, {.85}, {.75}, {.65}}},
       {{{.60}, {.50}, {.40}, {.30}, {.25}}}},
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

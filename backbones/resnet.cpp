#include <fmt/format.h>

#include <string>
#include <vector>

#include "backbones/catalogue.h"
#include "backbones/stem.h"
#include "harness/graph/builder.h"

namespace ablate::backbones {
namespace {

struct ResNetParams {
  int depth = 20;
  int k = 1;
  std::string stem = "auto";
};

/// Blocks and channels of each stage, and what a block is.
struct ResNetLayout {
  std::vector<int> blocks, channels;
  int stem_channels = 64;
  bool bottleneck = false;
};

/// Depths 18, 34 and 50 are the four-stage networks of the paper's ImageNet part, 6n + 2 the three-stage ones
/// of its CIFAR part.
ResNetLayout resnet_layout(const ResNetParams& p) {
  const bool four_stages = p.depth == 18 || p.depth == 34 || p.depth == 50;
  if (four_stages && p.k != 1)
    throw GraphError(fmt::format(
        "resnet: depth {} is not widened; k goes with depths 6n + 2 (8, 14, 20, 32, ...)", p.depth));
  const std::vector<int> doubling{64, 128, 256, 512};
  if (p.depth == 18) return {{2, 2, 2, 2}, doubling};
  if (p.depth == 34) return {{3, 4, 6, 3}, doubling};
  if (p.depth == 50) return {{3, 4, 6, 3}, doubling, 64, true};
  if (p.depth < 8 || (p.depth - 2) % 6 != 0)
    throw GraphError(fmt::format(
        "resnet: there is no depth {}; choose 18, 34, 50 or 6n + 2 (8, 14, 20, 32, 44, 56, 110, ...)",
        p.depth));
  const int n = (p.depth - 2) / 6;
  return {{n, n, n}, {16 * p.k, 32 * p.k, 64 * p.k}, p.k < 4 ? 16 : 32};
}

/// Two 3x3 convolutions, or 1x1, 3x3 and 1x1 to four times the channels.
Value residual_branch(GraphBuilder& net, Value x, const std::string& path, int channels, int stride,
                      bool bottleneck) {
  const UnitOptions filter{.out = channels, .kernel = 3, .activation = Activation::Relu};
  if (!bottleneck) {
    auto first = filter, second = filter;
    first.stride = stride;
    first.norm = "bn1";
    second.activation = Activation::None;
    second.norm = "bn2";
    return net.unit(net.unit(x, path, "conv1", first), path, "conv2", second);
  }
  x = net.unit(x, path, "conv1", {.out = channels, .activation = Activation::Relu, .norm = "bn1"});
  auto middle = filter;
  middle.stride = stride;
  middle.norm = "bn2";
  x = net.unit(x, path, "conv2", middle);
  return net.unit(x, path, "conv3", {.out = 4 * channels, .norm = "bn3"});
}

Value residual_block(GraphBuilder& net, Value x, const std::string& path, int channels, int stride,
                     bool bottleneck) {
  const Value y = residual_branch(net, x, path, channels, stride, bottleneck);
  const int in = net.shape(x).channels, out = net.shape(y).channels;
  const Value shortcut = stride == 1 && in == out
                             ? x
                             : net.unit(x, path + ".downsample", "0",
                                        {.out = out, .stride = stride, .role = Role::Shortcut, .norm = "1"});
  return net.activation(net.add(y, shortcut, path), Activation::Relu);
}

Value resnet_stem(GraphBuilder& net, int channels, bool small_images) {
  const Value x = net.unit(net.input(), "", "conv1",
                           {.out = channels,
                            .kernel = small_images ? 3 : 7,
                            .stride = small_images ? 1 : 2,
                            .role = Role::Stem,
                            .activation = Activation::Relu,
                            .norm = "bn1"});
  net.tap("relu", x);
  if (small_images) return x;
  const Value pooled = net.max_pool(x, 3, 2, 1);
  net.tap("maxpool", pooled);
  return pooled;
}

Graph resnet_graph(const ResNetParams& p, const Input& input) {
  const auto layout = resnet_layout(p);
  GraphBuilder net(input);
  Value x = resnet_stem(net, layout.stem_channels, small_stem(p.stem, input));
  for (std::size_t s = 0; s < layout.blocks.size(); ++s) {
    const auto stage = fmt::format("layer{}", s + 1);
    for (int i = 0; i < layout.blocks[s]; ++i) {
      const auto path = fmt::format("{}.{}", stage, i);
      x = residual_block(net, x, path, layout.channels[s], s > 0 && i == 0 ? 2 : 1, layout.bottleneck);
      net.tap(path, x);
    }
    net.tap(stage, x);
  }
  net.linear(net.global_pool(x), "fc", input.classes);
  return net.finish(ConvInit::KaimingFanOut, LinearInit::TorchDefault);
}

}  // namespace

BackboneEntry resnet() {
  return describe<ResNetParams>(
      {.name = "resnet",
       .doc = "Residual networks, mostly as teachers: 18, 34, 50 of four stages, 6n + 2 of three.",
       .source = "He et al. 2015, arXiv:1512.03385; torchvision (18, 34, 50) and RepDistiller (6n + 2, 1x1 "
                 "shortcuts)"},
      resnet_graph,
      Fields<ResNetParams>{}
          .add("depth", &ResNetParams::depth, between(8, 1202), "18, 34, 50, or 6n + 2")
          .add("k", &ResNetParams::k, between(1, 16),
               "factor on the channels of 6n + 2 networks, whose stem has 16 below 4 and 32 from 4 on",
               "RepDistiller (resnet8x4, resnet32x4)")
          .add("stem", &ResNetParams::stem, stem_choices(), kStemDoc));
}

}  // namespace ablate::backbones

#include <fmt/format.h>

#include <array>
#include <string>

#include "backbones/catalogue.h"
#include "backbones/stem.h"
#include "harness/graph/builder.h"

namespace ablate::backbones {
namespace {

struct ShuffleParams {
  double width = 1.0;
  std::string stem = "auto";
  std::string init = "torch";
};

struct ShuffleWidth {
  double width;
  std::array<int, 3> stages;
  int head;
};
constexpr std::array<ShuffleWidth, 4> kShuffleWidths{{{0.5, {48, 96, 192}, 1024},
                                                      {1.0, {116, 232, 464}, 1024},
                                                      {1.5, {176, 352, 704}, 1024},
                                                      {2.0, {244, 488, 976}, 2048}}};
constexpr std::array<int, 3> kShuffleRepeats{4, 8, 4};

const ShuffleWidth& channels_of(double width) {
  for (const auto& row : kShuffleWidths)
    if (row.width == width) return row;
  throw GraphError(
      fmt::format("shufflenetv2 has no width {}: its channels are a table for 0.5, 1, 1.5 and 2", width));
}

/// What both units do to (half of) the map: 1x1, depthwise, 1x1.
Value shuffle_branch(GraphBuilder& net, Value x, const std::string& scope, int out, int stride) {
  x = net.unit(x, scope, "0",
               {.out = out, .role = Role::Pointwise, .activation = Activation::Relu, .norm = "1"});
  x = net.unit(
      x, scope, "3",
      {.out = out, .kernel = 3, .stride = stride, .groups = out, .role = Role::Depthwise, .norm = "4"});
  return net.unit(x, scope, "5",
                  {.out = out, .role = Role::Pointwise, .activation = Activation::Relu, .norm = "6"});
}

/// The other half of a unit that halves the map: depthwise, 1x1.
Value shrinking_branch(GraphBuilder& net, Value x, const std::string& scope, int out) {
  const int in = net.shape(x).channels;
  x = net.unit(x, scope, "0",
               {.out = in, .kernel = 3, .stride = 2, .groups = in, .role = Role::Depthwise, .norm = "1"});
  return net.unit(x, scope, "2",
                  {.out = out, .role = Role::Pointwise, .activation = Activation::Relu, .norm = "3"});
}

Value shuffle_unit(GraphBuilder& net, Value x, const std::string& path, int out, bool shrinks) {
  const int half = out / 2;
  const Value left = shrinks ? shrinking_branch(net, x, path + ".branch1", half) : net.slice(x, 0, half);
  const Value right = shrinks ? x : net.slice(x, half, out);
  return net.shuffle(net.concat(left, shuffle_branch(net, right, path + ".branch2", half, shrinks ? 2 : 1)),
                     2);
}

Graph shufflenetv2_graph(const ShuffleParams& p, const Input& input) {
  const auto& channels = channels_of(p.width);
  const bool small_images = small_stem(p.stem, input);
  GraphBuilder net(input);
  Value x = net.unit(net.input(), "conv1", "0",
                     {.out = 24,
                      .kernel = 3,
                      .stride = small_images ? 1 : 2,
                      .role = Role::Stem,
                      .activation = Activation::Relu,
                      .norm = "1"});
  net.tap("conv1", x);
  if (!small_images) {
    x = net.max_pool(x, 3, 2, 1);
    net.tap("maxpool", x);
  }
  for (std::size_t s = 0; s < channels.stages.size(); ++s) {
    const auto stage = fmt::format("stage{}", s + 2);
    for (int i = 0; i < kShuffleRepeats[s]; ++i) {
      const auto path = fmt::format("{}.{}", stage, i);
      x = shuffle_unit(net, x, path, channels.stages[s], i == 0);
      net.tap(path, x);
    }
    net.tap(stage, x);
  }
  x = net.unit(x, "conv5", "0",
               {.out = channels.head, .role = Role::Head, .activation = Activation::Relu, .norm = "1"});
  net.tap("conv5", x);
  net.linear(net.global_pool(x), "fc", input.classes);
  return p.init == "torch" ? net.finish(ConvInit::TorchDefault, LinearInit::TorchDefault)
                           : net.finish(ConvInit::KaimingFanOut, LinearInit::Normal001);
}

}  // namespace

BackboneEntry shufflenetv2() {
  return describe<ShuffleParams>(
      {.name = "shufflenetv2",
       .doc = "Split, filter one half, concatenate, shuffle the channels.",
       .source = "Ma et al. 2018, arXiv:1807.11164; names, shapes and initialisation of torchvision"},
      shufflenetv2_graph,
      Fields<ShuffleParams>{}
          .add("width", &ShuffleParams::width, between(0.5, 2), "0.5, 1, 1.5 or 2: a table, not a factor")
          .add("stem", &ShuffleParams::stem, stem_choices(), kStemDoc)
          .add("init", &ShuffleParams::init, one_of({"torch", "kaiming"}),
               "fresh weights: PyTorch's default, as torchvision leaves it, or MobileNetV2's"));
}

}  // namespace ablate::backbones

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "backbones/catalogue.h"
#include "backbones/stem.h"
#include "harness/graph/builder.h"

namespace ablate::backbones {
namespace {

struct MobileParams {
  double width = 1.0;
  std::string stem = "auto";
  double dropout = 0.2;
};

struct MobileRow {
  int expansion, out, repeats, stride;
};
constexpr std::array<MobileRow, 7> kMobileRows{{{1, 16, 1, 1},
                                                {6, 24, 2, 2},
                                                {6, 32, 3, 2},
                                                {6, 64, 4, 2},
                                                {6, 96, 3, 1},
                                                {6, 160, 3, 2},
                                                {6, 320, 1, 1}}};

/// Expand by a 1x1 convolution, filter each channel, project without activation; a shortcut where the shape
/// stays.
Value inverted_residual(GraphBuilder& net, Value x, const std::string& path, int expansion, int out,
                        int stride) {
  const int in = net.shape(x).channels, inner = in * expansion;
  const auto scope = path + ".conv";
  int position = 0;
  Value y = x;
  if (expansion != 1)
    y = net.unit(y, fmt::format("{}.{}", scope, position++), "0",
                 {.out = inner, .role = Role::Pointwise, .activation = Activation::Relu6, .norm = "1"});
  y = net.unit(y, fmt::format("{}.{}", scope, position++), "0",
               {.out = inner,
                .kernel = 3,
                .stride = stride,
                .groups = inner,
                .role = Role::Depthwise,
                .activation = Activation::Relu6,
                .norm = "1"});
  y = net.unit(y, scope, std::to_string(position),
               {.out = out, .role = Role::Pointwise, .norm = std::to_string(position + 1)});
  return stride == 1 && in == out ? net.add(y, x, path) : y;
}

Graph mobilenetv2_graph(const MobileParams& p, const Input& input) {
  GraphBuilder net(input);
  const auto scaled = [&](int channels) { return make_divisible(channels * p.width, 8); };
  const bool small_images = small_stem(p.stem, input);
  Value x = net.unit(net.input(), "features.0", "0",
                     {.out = scaled(32),
                      .kernel = 3,
                      .stride = small_images ? 1 : 2,
                      .role = Role::Stem,
                      .activation = Activation::Relu6,
                      .norm = "1"});
  net.tap("features.0", x);
  int block = 1;
  for (std::size_t r = 0; r < kMobileRows.size(); ++r) {
    const auto& row = kMobileRows[r];
    const int first_stride = small_images && r == 1 ? 1 : row.stride;
    for (int i = 0; i < row.repeats; ++i, ++block) {
      const auto path = fmt::format("features.{}", block);
      x = inverted_residual(net, x, path, row.expansion, scaled(row.out), i == 0 ? first_stride : 1);
      net.tap(path, x);
    }
  }
  x = net.unit(x, "features.18", "0",
               {.out = make_divisible(1280 * std::max(1.0, p.width), 8),
                .role = Role::Head,
                .activation = Activation::Relu6,
                .norm = "1"});
  net.tap("features.18", x);
  net.linear(net.dropout(net.global_pool(x), p.dropout, "classifier.0"), "classifier.1", input.classes);
  return net.finish(ConvInit::KaimingFanOut, LinearInit::Normal001);
}

}  // namespace

BackboneEntry mobilenetv2() {
  return describe<MobileParams>(
      {.name = "mobilenetv2",
       .doc = "Inverted residuals with linear bottlenecks.",
       .source = "Sandler et al. 2018, arXiv:1801.04381; names, shapes and initialisation of torchvision"},
      mobilenetv2_graph,
      Fields<MobileParams>{}
          .add("width", &MobileParams::width, between(0.1, 8),
               "factor on all channels, the last layer's from 1 on; multiples of 8")
          .add("stem", &MobileParams::stem, stem_choices(), kStemDoc)
          .add("dropout", &MobileParams::dropout, from_below(0, 1), "rate before the classifier",
               "torchvision"));
}

}  // namespace ablate::backbones

#include <fmt/format.h>

#include <string>
#include <vector>

#include "backbones/catalogue.h"
#include "backbones/stem.h"
#include "harness/graph/builder.h"

namespace ablate::backbones {
namespace {

struct GhostParams {
  double width = 1.0;
  std::string layout = "standard";
  std::string stem = "auto";
  double dropout = 0.2;
  std::string init = "torch";
};

/// One block: kernel of what shrinks the map, expanded and output channels, squeeze-and-excite, stride.
struct GhostRow {
  int kernel, expanded, out;
  bool squeeze;
  int stride;
};
using GhostStages = std::vector<std::vector<GhostRow>>;

GhostStages standard_stages() {
  return {{{3, 16, 16, false, 1}},
          {{3, 48, 24, false, 2}},
          {{3, 72, 24, false, 1}},
          {{5, 72, 40, true, 2}},
          {{5, 120, 40, true, 1}},
          {{3, 240, 80, false, 2}},
          {{3, 200, 80, false, 1},
           {3, 184, 80, false, 1},
           {3, 184, 80, false, 1},
           {3, 480, 112, true, 1},
           {3, 672, 112, true, 1}},
          {{5, 672, 160, true, 2}},
          {{5, 960, 160, false, 1}, {5, 960, 160, true, 1}, {5, 960, 160, false, 1}, {5, 960, 160, true, 1}}};
}

/// GhostNetV3-Small (arXiv:2509.12380): two halvings only.
GhostStages small_stages() {
  return {{{3, 16, 16, false, 1}},
          {{3, 32, 20, false, 2}},
          {{3, 40, 20, false, 1}},
          {{3, 48, 32, true, 1}},
          {{3, 64, 32, true, 1}},
          {{3, 80, 48, false, 2}, {3, 96, 48, false, 1}, {3, 120, 64, true, 1}},
          {{3, 128, 80, true, 1}, {3, 160, 80, true, 1}}};
}

/// The attention branch [out, H, W] of a ghost module, before it multiplies: it looks at half the resolution,
/// along rows and columns ("DFC attention").
Value ghost_attention(GraphBuilder& net, Value x, const std::string& path, int out, Value like) {
  const auto role = Role::Attention;
  Value y = net.avg_pool(x, 2, 2, path + ".short_conv");
  y = net.unit(y, path, "short_conv.0", {.out = out, .role = role, .norm = "short_conv.1"});
  y = net.unit(
      y, path, "short_conv.2",
      {.out = out, .kernel = 1, .kernel_width = 5, .groups = out, .role = role, .norm = "short_conv.3"});
  y = net.unit(
      y, path, "short_conv.4",
      {.out = out, .kernel = 5, .kernel_width = 1, .groups = out, .role = role, .norm = "short_conv.5"});
  return net.upsample_like(net.activation(y, Activation::Sigmoid), like);
}

/// Half of the channels by a 1x1 convolution, the other half from these by a cheap depthwise one.
Value ghost_module(GraphBuilder& net, Value x, const std::string& path, int out, Activation activation,
                   bool attention) {
  const int primary = (out + 1) / 2;
  const std::string after = attention ? path + ".short_conv.4" : "";
  const Value first = net.unit(x, path, "primary_conv.0",
                               {.out = primary,
                                .role = Role::Primary,
                                .activation = activation,
                                .norm = "primary_conv.1",
                                .branch_stem = "primary_rpr",
                                .branched_after = after,
                                .fused_after = after});
  const Value second = net.unit(first, path, "cheap_operation.0",
                                {.out = primary,
                                 .kernel = 3,
                                 .groups = primary,
                                 .role = Role::Cheap,
                                 .activation = activation,
                                 .norm = "cheap_operation.1",
                                 .branch_stem = "cheap_rpr",
                                 .branched_after = after,
                                 .fused_after = after});
  Value y = net.concat(first, second);
  if (net.shape(y).channels != out) y = net.slice(y, 0, out);
  return attention ? net.multiply(y, ghost_attention(net, x, path, out, y)) : y;
}

Value squeeze_excite(GraphBuilder& net, Value x, const std::string& path) {
  const int channels = net.shape(x).channels, squeezed = make_divisible(channels * 0.25, 4);
  Value gate =
      net.unit(net.global_pool(x), path, "conv_reduce",
               {.out = squeezed, .role = Role::Attention, .activation = Activation::Relu, .bias = true});
  gate = net.unit(
      gate, path, "conv_expand",
      {.out = channels, .role = Role::Attention, .activation = Activation::HardSigmoid, .bias = true});
  return net.multiply(x, gate);
}

Value ghost_shortcut(GraphBuilder& net, Value x, const std::string& path, const GhostRow& row, int out) {
  const int in = net.shape(x).channels;
  if (in == out && row.stride == 1) return x;
  x = net.unit(x, path, "shortcut.0",
               {.out = in,
                .kernel = row.kernel,
                .stride = row.stride,
                .groups = in,
                .role = Role::Shortcut,
                .norm = "shortcut.1"});
  return net.unit(x, path, "shortcut.2", {.out = out, .role = Role::Shortcut, .norm = "shortcut.3"});
}

/// Expand, shrink where the stride says so, squeeze-and-excite, project; plus the shortcut. `row` has its
/// final channels.
Value ghost_block(GraphBuilder& net, Value x, const std::string& path, const GhostRow& row, bool attention) {
  Value y = ghost_module(net, x, path + ".ghost1", row.expanded, Activation::Relu, attention);
  if (row.stride > 1)
    y = net.unit(y, path, "conv_dw",
                 {.out = row.expanded,
                  .kernel = row.kernel,
                  .stride = row.stride,
                  .groups = row.expanded,
                  .role = Role::Downsample,
                  .norm = "bn_dw",
                  .branch_stem = "dw_rpr",
                  .fused_after = path + ".shortcut.2"});
  if (row.squeeze) y = squeeze_excite(net, y, path + ".se");
  y = ghost_module(net, y, path + ".ghost2", row.out, Activation::None, false);
  return net.add(y, ghost_shortcut(net, x, path, row, row.out), path);
}

Value ghost_head(GraphBuilder& net, Value x, const std::string& stage, int channels, const GhostParams& p) {
  x = net.unit(x, stage + ".0", "conv",
               {.out = channels, .role = Role::Head, .activation = Activation::Relu, .norm = "bn1"});
  net.tap(stage, x);
  x = net.unit(net.global_pool(x), "", "conv_head", {.out = 1280, .role = Role::Head, .bias = true});
  net.tap("conv_head", x);
  return net.dropout(net.activation(x, Activation::Relu), p.dropout, "dropout");
}

Graph ghostnetv2_graph(const GhostParams& p, const Input& input) {
  GraphBuilder net(input);
  const auto scaled = [&](int channels) { return make_divisible(channels * p.width, 4); };
  const bool small_images = small_stem(p.stem, input), small_layout = p.layout == "small";
  auto stages = small_layout ? small_stages() : standard_stages();
  if (small_images && !small_layout) stages[1][0].stride = 1;

  Value x = net.unit(net.input(), "", "conv_stem",
                     {.out = scaled(16),
                      .kernel = 3,
                      .stride = small_images ? 1 : 2,
                      .role = Role::Stem,
                      .activation = Activation::Relu,
                      .norm = "bn1"});
  net.tap("act1", x);
  int blocks = 0, expanded = 0;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const auto stage = fmt::format("blocks.{}", s);
    for (std::size_t i = 0; i < stages[s].size(); ++i) {
      GhostRow row = stages[s][i];
      expanded = scaled(row.expanded);
      row.expanded = expanded;
      row.out = scaled(row.out);
      const auto path = fmt::format("{}.{}", stage, i);
      x = ghost_block(net, x, path, row, blocks++ > 1);  // the first two blocks have no attention
      net.tap(path, x);
    }
    net.tap(stage, x);
  }
  x = ghost_head(net, x, fmt::format("blocks.{}", stages.size()), expanded, p);
  net.linear(x, "classifier", input.classes);
  return p.init == "torch" ? net.finish(ConvInit::TorchDefault, LinearInit::TorchDefault)
                           : net.finish(ConvInit::KaimingFanOut, LinearInit::KaimingFanOut);
}

}  // namespace

BackboneEntry ghostnetv2() {
  return describe<GhostParams>(
      {.name = "ghostnetv2",
       .doc = "Ghost modules with DFC attention; with reparam.branches it is GhostNetV3.",
       .source = "Tang et al. 2022, arXiv:2211.12905; names and shapes of the authors' release"},
      ghostnetv2_graph,
      Fields<GhostParams>{}
          .add("width", &GhostParams::width, between(0.1, 8),
               "factor on all channels but the head's 1280; multiples of 4")
          .add("layout", &GhostParams::layout, one_of({"standard", "small"}),
               "standard, or GhostNetV3-Small's ten shallow blocks for 32 px images",
               "small: arXiv:2509.12380")
          .add("stem", &GhostParams::stem, stem_choices(), kStemDoc)
          .add("dropout", &GhostParams::dropout, from_below(0, 1),
               "rate before the classifier; GhostNetV3's release trains without (0)",
               "ghostnetv2_torch.py of the authors' release")
          .add("init", &GhostParams::init, one_of({"torch", "kaiming"}),
               "fresh weights: PyTorch's default, as the release leaves it, or normal by fan-out "
               "(GhostNetV3-Small)",
               "authors' release; kaiming: arXiv:2509.12380"));
}

}  // namespace ablate::backbones

#include "ingredients/reparam/rewriting.h"

namespace ablate::ingredients {
namespace {

class DiverseBranches final : public Rewriting {
 public:
  struct Params : RewritingParams {
    std::vector<std::string> roles = roles_with_area();
    int depthwise_expansion = 2;
  };
  explicit DiverseBranches(const Params& p) : Rewriting(p) {}
};

bool is_depthwise(const Link& conv) {
  return conv.groups > 1 && conv.groups == conv.out;
}

Link pointwise(const Link& conv, const std::string& name, int out) {
  return {.name = name, .in = conv.in, .out = out, .groups = conv.groups};
}

/// 1x1 with BatchNorm, then k x k with BatchNorm, whose border is what the first makes of the zeros around
/// the input: only so do the two fold into one (BNAndPad of the authors' code).
Branch chained(const Link& conv, const std::string& scope, int middle) {
  Link second = conv;
  second.name = scope + ".conv2";
  second.in = middle;
  second.pad_with_shift = true;
  return {"chain",
          {pointwise(conv, scope + ".conv1", middle), norm_link(scope + ".bn1", middle), second,
           norm_link(scope + ".bn2", conv.out)}};
}

/// 1x1 with BatchNorm, then the average over k x k with BatchNorm; a depthwise unit averages its input as it
/// is.
Branch averaged(const Link& conv, const std::string& scope) {
  Link average{.kind = Link::Kind::AvgPool,
               .in = conv.out,
               .out = conv.out,
               .kernel_height = conv.kernel_height,
               .kernel_width = conv.kernel_width,
               .stride = conv.stride,
               .pad_height = conv.pad_height,
               .pad_width = conv.pad_width};
  if (is_depthwise(conv)) return {"average", {average, norm_link(scope + ".avgbn", conv.out)}};
  average.pad_with_shift = true;
  return {"average",
          {pointwise(conv, scope + ".conv", conv.out), norm_link(scope + ".bn", conv.out), average,
           norm_link(scope + ".avgbn", conv.out)}};
}

std::vector<Branch> diverse_branches(const Node& unit, int depthwise_expansion) {
  const Link& conv = unit.branches[0].links[0];
  if (conv.kernel_height < 2 || conv.kernel_width < 2) return {};
  const auto& stem = unit.branch_stem;
  Link scale = pointwise(conv, "", conv.out);
  scale.stride = conv.stride;
  const int middle = is_depthwise(conv) ? depthwise_expansion * conv.in : conv.in;
  return {convolution_branch("0", stem + "_origin", conv), convolution_branch("scale", stem + "_1x1", scale),
          chained(conv, stem + "_1x1_kxk", middle), averaged(conv, stem + "_avg")};
}

}  // namespace

IngredientEntry reparam_dbb() {
  using P = DiverseBranches::Params;
  const auto fields =
      rewriting_fields<P>()
          .add("roles", &P::roles, Range{.choices = role_names(), .min_items = 1},
               "which units get branches, where their kernel is larger than 1x1", "every kernel with an area")
          .add("depthwise_expansion", &P::depthwise_expansion, between(1, 8),
               "channels between the two convolutions of a depthwise unit's chain, as a multiple of its own",
               "the authors' code, for MobileNet; a dense unit keeps its channels");
  return describe<DiverseBranches>(
      {.name = "reparam.dbb",
       .stage = Stage::Graph,
       .doc = "Train a 1x1, a 1x1-kxk and an average branch beside each kernel, and fold the four into it.",
       .source = "Ding et al. 2021, Diverse Branch Block, arXiv:2103.13425",
       .formula = "W = sum_b s_b W_b, bias = sum_b (beta_b - mean_b s_b), s = gamma / sqrt(var + 1e-5), W_b "
                  "= the kernel, the 1x1 kernel, the 1x1 kernel with its BatchNorm and then the kxk kernel, "
                  "1/k^2 everywhere (behind a 1x1 kernel with BatchNorm where dense)",
       .interactions = kBranched,
       .version = kRewritingVersion,
       .no_neutral = "without branches it is absent: turn it off",
       .no_window = kOneForm,
       .counters = {"branches_added"},
       .rewrite =
           [fields](const nlohmann::json& settings, Graph& graph) {
             const auto params = fields.read(settings);
             return rewrite_units(graph, roles_named(params.roles), [&](const Node& unit) {
               return diverse_branches(unit, params.depthwise_expansion);
             });
           }},
      fields);
}

}  // namespace ablate::ingredients

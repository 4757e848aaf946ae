#include "ingredients/reparam/rewriting.h"

namespace ablate::ingredients {
namespace {

class AsymmetricBlocks final : public Rewriting {
 public:
  struct Params : RewritingParams {
    std::vector<std::string> roles = roles_with_area();
  };
  explicit AsymmetricBlocks(const Params& p) : Rewriting(p) {}
};

/// k x k, 1 x k and k x 1, each with its BatchNorm; each is padded along its own axis only (Ding et al. 2019,
/// figure 2).
std::vector<Branch> asymmetric_branches(const Node& unit) {
  const Link& square = unit.branches[0].links[0];
  if (square.kernel_height < 2 || square.kernel_width < 2) return {};
  if (square.pad_height != (square.kernel_height - 1) / 2 ||
      square.pad_width != (square.kernel_width - 1) / 2)
    return {};  // a row at the middle of the kernel would need padding cut off
  Link row = square, column = square;
  row.kernel_height = column.kernel_width = 1;
  row.pad_height = column.pad_width = 0;
  const auto& stem = unit.branch_stem;
  return {convolution_branch("0", stem + "_square", square), convolution_branch("row", stem + "_row", row),
          convolution_branch("column", stem + "_column", column)};
}

}  // namespace

IngredientEntry reparam_acb() {
  using P = AsymmetricBlocks::Params;
  const auto fields = rewriting_fields<P>().add(
      "roles", &P::roles, Range{.choices = role_names(), .min_items = 1},
      "which units get branches, where their kernel is larger than 1x1", "every kernel with an area");
  return describe<AsymmetricBlocks>(
      {.name = "reparam.acb",
       .stage = Stage::Graph,
       .doc = "Train a row and a column kernel beside each square one, and fold the three into it.",
       .source = "Ding et al. 2019, ACNet, arXiv:1908.03930",
       .formula = "W = sum_b s_b W_b, bias = sum_b (beta_b - mean_b s_b), s = gamma / sqrt(var + 1e-5), W_b "
                  "= the square kernel, and the row and the column, which lie at its middle",
       .interactions = kBranched,
       .version = kRewritingVersion,
       .no_neutral = "without branches it is absent: turn it off",
       .no_window = kOneForm,
       .counters = {"branches_added"},
       .rewrite =
           [fields](const nlohmann::json& settings, Graph& graph) {
             return rewrite_units(graph, roles_named(fields.read(settings).roles), asymmetric_branches);
           }},
      fields);
}

}  // namespace ablate::ingredients

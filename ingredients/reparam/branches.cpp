#include "ingredients/reparam/rewriting.h"

namespace ablate::ingredients {
namespace {

class Branches final : public Rewriting {
 public:
  struct Params : RewritingParams {
    int convolutions = BranchOptions{}.convolutions;
    bool scale = BranchOptions{}.scale;
    bool identity = BranchOptions{}.identity;
    std::vector<std::string> roles = names_of(BranchOptions{}.roles);

    BranchOptions options() const { return {convolutions, scale, identity, roles_named(roles)}; }
  };
  explicit Branches(const Params& p) : Rewriting(p) {}
};

}  // namespace

IngredientEntry reparam_branches() {
  using P = Branches::Params;
  auto fields = rewriting_fields<P>()
                    .add("convolutions", &P::convolutions, between(1, 5),
                         "copies of a unit's own convolution, each with BatchNorm", "GhostNetV3's release")
                    .add("scale", &P::scale, any(), "a 1x1 convolution with BatchNorm beside larger kernels",
                         "GhostNetV3's release")
                    .add("identity", &P::identity, any(), "a BatchNorm alone where channels and size stay",
                         "GhostNetV3's release")
                    .add("roles", &P::roles, Range{.choices = role_names(), .min_items = 1},
                         "which units get branches; a role the network lacks is ignored",
                         "those that GhostNetV3 re-parameterises, and their counterparts in other networks");
  return describe<Branches>(
      {.name = "reparam.branches",
       .stage = Stage::Graph,
       .doc = "Train sums of parallel branches that fold into the one convolution they stand for.",
       .source = "GhostNetV3, arXiv:2404.11202; MobileOne, arXiv:2206.04040",
       .formula = "W = sum_b s_b W_b, bias = sum_b (beta_b - mean_b s_b), s = gamma / sqrt(var + 1e-5), W_b "
                  "= each kernel with zeros around it, the identity's 1 at the centre",
       .interactions =
           std::string(kBranched) + " Copies start from draws of their own, or they would stay alike.",
       .version = kRewritingVersion,
       .neutral = {nlohmann::json::object({{"convolutions", 1}, {"scale", false}, {"identity", false}})},
       .no_window = kOneForm,
       .counters = {"branches_added"},
       .rewrite = [fields](const nlohmann::json& settings,
                           Graph& graph) { return add_branches(graph, fields.read(settings).options()); }},
      fields);
}

}  // namespace ablate::ingredients

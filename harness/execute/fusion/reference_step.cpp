#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "harness/execute/fusion/steps.h"
#include "harness/execute/reference_pass.h"

namespace ablate::fusion {
namespace {

/// The tensors of a node's weights.
std::vector<std::size_t> weights_of(const ExecutionPlan& plan, Value node) {
  std::vector<std::size_t> all;
  std::size_t entry = 0;
  for (const auto& state : plan.graph.state()) {
    if (state.node == node) all.push_back(entry);
    ++entry;
  }
  return all;
}

struct Nested {
  std::vector<at::Tensor> inputs, outputs;
};

class ReferenceStep final : public Step {
 public:
  ReferenceStep(std::shared_ptr<const ExecutionPlan> plan, Value node, std::vector<View> in,
                std::vector<View> out, std::vector<std::string> taps)
      : Step(std::move(in), std::move(out)),
        plan_(std::move(plan)),
        node_(node),
        weights_(weights_of(*plan_, node)),
        taps_(std::move(taps)) {}

  void forward(Work& work) const override {
    Nested nested;
    for (const auto& view : reads()) {
      auto input = work.plain(view).detach();
      nested.inputs.push_back(input.requires_grad_(work.recording() && work.wanted(view)));
    }
    Pass pass = work.pass();
    pass.taps = taps_;
    const at::AutoGradMode gradients(work.recording());
    ReferencePass reference(*plan_, work.tensors(), pass);
    nested.outputs.push_back(reference.run_node(node_, nested.inputs));
    for (const auto& tap : taps_) nested.outputs.push_back(reference.output().taps.at(tap));
    for (std::size_t i = 0; i < writes().size(); ++i) work.share(writes()[i], nested.outputs[i].detach());
    if (work.recording()) work.keep(*this, std::move(nested));
  }

  void backward(Work& work) const override {
    const auto& nested = work.kept<Nested>(*this);
    std::vector<at::Tensor> outputs, gradients, inputs;
    for (std::size_t i = 0; i < writes().size(); ++i)
      if (nested.outputs[i].requires_grad()) {
        outputs.push_back(nested.outputs[i]);
        gradients.push_back(work.gradient_tensor(writes()[i]));
      }
    for (const auto& input : nested.inputs)
      if (input.requires_grad()) inputs.push_back(input);
    const auto views = inputs.size();
    for (const auto entry : weights_)
      if (work.tensors()[entry].requires_grad()) inputs.push_back(work.tensors()[entry]);
    if (outputs.empty() || inputs.empty()) return;
    const at::AutoGradMode with_gradients(true);
    const auto found = torch::autograd::grad(outputs, inputs, gradients, /*retain_graph=*/true,
                                             /*create_graph=*/false, /*allow_unused=*/true);
    give(work, nested, found, views);
  }

  bool is_library() const override { return true; }

 private:
  void give(Work& work, const Nested& nested, const std::vector<at::Tensor>& found, std::size_t views) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < reads().size(); ++i)
      if (nested.inputs[i].requires_grad()) {
        if (found[at].defined()) work.pass_on(reads()[i], found[at]);
        ++at;
      }
    at = views;
    for (const auto entry : weights_)
      if (work.tensors()[entry].requires_grad()) {
        if (found[at].defined()) work.set_weight_gradient(entry, found[at]);
        ++at;
      }
  }

  std::shared_ptr<const ExecutionPlan> plan_;
  Value node_;
  std::vector<std::size_t> weights_;
  std::vector<std::string> taps_;
};

}  // namespace

std::unique_ptr<Step> reference_step(std::shared_ptr<const ExecutionPlan> plan, Value node,
                                     std::vector<View> in, std::vector<View> out,
                                     std::vector<std::string> taps) {
  return std::make_unique<ReferenceStep>(std::move(plan), node, std::move(in), std::move(out),
                                         std::move(taps));
}

}  // namespace ablate::fusion

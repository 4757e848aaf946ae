#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/execute/fusion/layout.h"
#include "harness/execute/fusion/work.h"
#include "harness/execute/reference_pass.h"
#include "harness/graph/rewrite.h"
#include "harness/kernels/isa.h"

namespace ablate {
namespace {

using fusion::Layout;
using fusion::PackedCache;
using fusion::View;
using fusion::Work;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Weights as this pass multiplies them, empty or as an earlier pass left them.
std::shared_ptr<PackedCache> packed_of(const Pass& pass) {
  if (pass.training || !pass.kept) return std::make_shared<PackedCache>();
  auto& kept = pass.kept->of_executor;
  if (!kept.has_value()) kept = std::make_shared<PackedCache>();
  return std::any_cast<std::shared_ptr<PackedCache>>(kept);
}

/// A pass that autograd keeps for its gradient.
struct KeptWork final : torch::CustomClassHolder {
  std::shared_ptr<Work> work;
  std::vector<View> outputs;
};

variable_list outputs_of(Work& work, const std::vector<View>& outputs) {
  variable_list maps;
  for (const auto& view : outputs) maps.push_back(work.tensor_of(view));
  return maps;
}

/// The whole network as one operation of autograd: images and trained weights in, logits and taps out.
struct FusedNetwork final : torch::autograd::Function<FusedNetwork> {
  static variable_list forward(AutogradContext* context, const at::Tensor& /*images*/,
                               at::TensorList /*trained*/, const std::shared_ptr<Work>& work,
                               const std::vector<View>& outputs) {
    work->forward();
    auto kept = c10::make_intrusive<KeptWork>();
    kept->work = work;
    kept->outputs = outputs;
    context->saved_data["work"] = c10::IValue::make_capsule(std::move(kept));
    context->set_materialize_grads(false);
    return outputs_of(*work, outputs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto capsule = context->saved_data["work"].toCapsule();
    auto& kept = static_cast<KeptWork&>(*capsule);
    std::vector<Work::Gradient> given;
    for (std::size_t i = 0; i < gradients.size(); ++i)
      if (gradients[i].defined()) given.push_back({kept.outputs[i], gradients[i]});
    const bool gather = torch::autograd::get_current_graph_task_exec_info()->empty();  // not autograd::grad
    kept.work->backward(given, !torch::autograd::get_current_graph_task_keep_graph(), gather);
    variable_list found{kept.work->image_gradient()};
    for (const auto& tensor : kept.work->trained_gradients()) found.push_back(tensor);
    found.insert(found.end(), 2, at::Tensor());  // work and outputs are no variables
    return found;
  }
};

class FusedExecutor final : public Executor {
 public:
  FusedExecutor(const Graph& graph, Precision precision)
      : plan_(graph), precision_(precision), reference_(make_reference_executor(graph)) {
    kernels::instruction_set();
  }

  Output forward(const Weights& weights, const at::Tensor& images, const Pass& pass) const override {
    if (images.scalar_type() != at::kFloat) return reference_->forward(weights, images, pass);
    plan_.check(weights);
    const auto layout = layout_for(images, pass);
    std::vector<View> outputs{layout->logits};
    outputs.insert(outputs.end(), layout->taps.begin(), layout->taps.end());
    return named(compute(layout, outputs, weights, images, pass), pass);
  }

  double library_seconds() const override { return 1e-9 * double(*clock_); }

 private:
  variable_list compute(const std::shared_ptr<const Layout>& layout, const std::vector<View>& outputs,
                        const Weights& weights, const at::Tensor& images, const Pass& pass) const {
    std::vector<at::Tensor> trained;
    for (const auto& entry : weights.entries())
      if (entry.trained()) trained.push_back(entry.tensor);
    const bool recording =
        at::GradMode::is_enabled() &&
        (images.requires_grad() || std::any_of(trained.begin(), trained.end(), [](const at::Tensor& tensor) {
           return tensor.requires_grad();
         }));
    if (recording) {
      const auto work = std::make_shared<Work>(layout, weights, pass, images, true, clock_);
      return FusedNetwork::apply(images, at::TensorList(trained), work, outputs);
    }
    const at::NoGradGuard no_gradients;
    const auto packed = packed_of(pass);
    Work work(layout, weights, pass, images, false, clock_, packed.get());
    pass.training ? work.forward() : work.forward_in_slices();
    return outputs_of(work, outputs);
  }

  Output named(const variable_list& maps, const Pass& pass) const {
    Output output;
    output.logits = maps[0].flatten(1);
    for (std::size_t i = 0; i < pass.taps.size(); ++i) {
      const auto point = plan_.graph.tap_at(pass.taps[i]);
      const bool flat = plan_.graph.nodes[point.node].op == Op::Linear;
      output.taps[pass.taps[i]] = flat ? maps[i + 1].flatten(1) : maps[i + 1];
    }
    return output;
  }

  std::shared_ptr<const Layout> layout_for(const at::Tensor& images, const Pass& pass) const {
    const auto height = static_cast<int>(images.size(2)), width = static_cast<int>(images.size(3));
    const std::lock_guard lock(mutex_);
    auto& layout = layouts_[{pass.training, height, width, pass.taps}];
    if (!layout)
      layout = std::make_shared<Layout>(at_size(plan_.graph, height, width), pass.taps, pass.training,
                                        pass.training ? precision_ : Precision::Float32);
    return layout;
  }

  ExecutionPlan plan_;
  Precision precision_;
  std::unique_ptr<Executor> reference_;  // for other types than float32
  std::shared_ptr<fusion::LibraryClock> clock_ = std::make_shared<fusion::LibraryClock>(0);
  mutable std::mutex mutex_;
  using Kind =
      std::tuple<bool, int, int, std::vector<std::string>>;  // of a pass: training, size of images, taps
  mutable std::map<Kind, std::shared_ptr<const Layout>> layouts_;
};

}  // namespace

std::unique_ptr<Executor> make_fused_executor(const Graph& graph, Precision precision) {
  return std::make_unique<FusedExecutor>(graph, precision);
}

}  // namespace ablate

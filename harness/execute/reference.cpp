#include <memory>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/execute/reference_pass.h"

namespace ablate {
namespace {

class ReferenceExecutor final : public Executor {
 public:
  explicit ReferenceExecutor(const Graph& graph) : plan_(graph) {}

  Output forward(const Weights& weights, const at::Tensor& images, const Pass& pass) const override {
    plan_.check(weights);
    const auto layout =
        images.scalar_type() == at::kDouble ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
    return ReferencePass(plan_, weights.tensors(), pass).run(images.contiguous(layout));
  }

 private:
  ExecutionPlan plan_;
};

}  // namespace

std::unique_ptr<Executor> make_reference_executor(const Graph& graph) {
  return std::make_unique<ReferenceExecutor>(graph);
}

}  // namespace ablate

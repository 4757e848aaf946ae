#include <fmt/format.h>
#include <fmt/ostream.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <string>

#include "harness/core/problems.h"
#include "harness/train/teacher_models.h"

namespace ablate::training {
namespace {

std::string first_line(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

class ModuleTeacher final : public Model {
 public:
  ModuleTeacher(const std::filesystem::path& file, int classes, Normalisation normalisation)
      : file_(file.string()), classes_(classes), normalisation_(std::move(normalisation)) {
    // LibTorch recompiles a module after its first calls, and then it may round differently.
    torch::jit::setGraphExecutorOptimize(false);
    try {
      module_ = torch::jit::load(file_, at::Device(at::kCPU));
    } catch (const c10::Error& error) {
      throw Error(fmt::format("{}: no TorchScript module ({})", file_, first_line(error)));
    }
    module_.eval();
  }

  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (!pass.taps.empty()) throw Error(without_graph());
    const auto value = module_.forward({normalisation_.of(images)});
    if (!value.isTensor()) throw Error(fmt::format("{}: returns no tensor of logits", file_));
    const auto logits = value.toTensor();
    if (logits.dim() != 2 || logits.size(0) != images.size(0) || logits.size(1) != classes_)
      throw Error(fmt::format("{}: returns {} for {} images of {} classes; expected [{}, {}]", file_,
                              fmt::streamed(logits.sizes()), images.size(0), classes_, images.size(0),
                              classes_));
    return {.logits = logits.to(at::kFloat).contiguous()};
  }
  const Graph& graph() const override { throw Error(without_graph()); }

 private:
  std::string without_graph() const {
    return fmt::format(
        "{}: a TorchScript teacher has no maps to look at, only logits; take a teacher with a "
        "`backbone` for this distillation",
        file_);
  }

  std::string file_;
  int classes_;
  Normalisation normalisation_;
  torch::jit::Module module_;
};

}  // namespace

std::unique_ptr<Model> load_module(const std::filesystem::path& file, int classes,
                                   Normalisation normalisation) {
  return std::make_unique<ModuleTeacher>(file, classes, std::move(normalisation));
}

}  // namespace ablate::training

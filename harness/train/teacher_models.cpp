#include "harness/train/teacher_models.h"

#include <fmt/format.h>

#include <ATen/ops/_upsample_bilinear2d_aa.h>

#include "harness/core/problems.h"
#include "harness/execute/safetensors.h"

namespace ablate::training {
namespace {

/// A model that sees images at one size, whatever they come in.
class AtSize final : public Model {
 public:
  AtSize(std::unique_ptr<Model> inner, std::int64_t size) : inner_(std::move(inner)), size_(size) {}

  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (images.size(2) == size_ && images.size(3) == size_) return inner_->forward(images, pass);
    return inner_->forward(at::_upsample_bilinear2d_aa(images, {size_, size_}, false), pass);
  }
  const Graph& graph() const override { return inner_->graph(); }

 private:
  std::unique_ptr<Model> inner_;
  std::int64_t size_;
};

/// The network in the form in which its weights were saved.
Graph graph_of(const TeacherSource& source, const Input& input) {
  Graph graph = build_backbone(source.backbone, input);
  if (!source.reparam.is_object()) return graph;
  for (const auto& [key, settings] : source.reparam.items()) {
    const auto* entry = find_ingredient("reparam", without_copy(key));
    if (!entry || !entry->rewrite)
      throw Error(fmt::format("unknown re-parameterisation '{}' of a teacher", key));
    entry->rewrite(with_defaults(entry->params, settings), graph);
  }
  return graph;
}

std::unique_ptr<Model> load_network(const TeacherSource& source, const Task& task, const Input& input,
                                    Normalisation normalisation) {
  Graph graph = graph_of(source, input);
  Weights weights(graph, at::kFloat);
  const auto report = load_weights(source.file, weights);
  if (!report.missing.empty() || !report.reshaped.empty())
    throw Error(fmt::format("{}: does not fit the teacher's network for {} classes\n{}", source.file.string(),
                            task.classes(), report.text()));
  return std::make_unique<Network>(std::move(graph), std::move(weights), task.train,
                                   std::move(normalisation));
}

}  // namespace

std::unique_ptr<Model> load_teacher(const TeacherSource& source, const Task& task) {
  if (source.outputs)
    throw Error(
        fmt::format("{}: holds outputs only; a distillation that looks at a teacher's maps needs its "
                    "network (`backbone` with `weights`)",
                    source.file.string()));
  Normalisation normalisation(source.mean.empty() ? task.options.mean : source.mean,
                              source.std.empty() ? task.options.std : source.std);
  Input input = task.input();
  if (source.size > 0) input.height = input.width = source.size;
  auto model = source.backbone.is_null() ? load_module(source.file, task.classes(), std::move(normalisation))
                                         : load_network(source, task, input, std::move(normalisation));
  return std::make_unique<AtSize>(std::move(model), input.height);
}

}  // namespace ablate::training

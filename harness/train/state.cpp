#include <fmt/format.h>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/train/checkpoint.h"

namespace ablate::training {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

std::string digest_of(const TensorFile& file, const std::string& state) {
  Digest digest;
  digest.add(state);
  for (const auto& [name, tensor] : file.tensors) {
    const auto flat = tensor.contiguous();
    digest.add(name).add({static_cast<const char*>(flat.data_ptr()), flat.nbytes()});
  }
  return digest.hex();
}

/// Tensors by name, in and out of a file.
class Packer {
 public:
  void add(const std::string& name, const at::Tensor& tensor) {
    file.tensors.emplace_back(name, tensor.detach().contiguous());
  }
  void add(const std::string& name, const Weights& weights) {
    add(name + ".trained", weights.trained());
    if (weights.statistics().defined()) add(name + ".statistics", weights.statistics());
  }
  TensorFile file;
};

void copy_into(const Tensors& tensors, const std::string& name, const at::Tensor& target) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.sizes() != target.sizes())
    throw Error(fmt::format("checkpoint: '{}' is missing or of another size", name));
  target.detach().copy_(found->second);
}

void copy_into(const Tensors& tensors, const std::string& name, const Weights& weights) {
  copy_into(tensors, name + ".trained", weights.trained());
  if (weights.statistics().defined()) copy_into(tensors, name + ".statistics", weights.statistics());
}

nlohmann::json sums_to_json(const EpochSums& sums) {
  return {{"seconds", sums.seconds},
          {"library_seconds", sums.library_seconds},
          {"images", sums.images},
          {"lr", sums.lr},
          {"loss", sums.loss},
          {"terms", sums.terms}};
}

EpochSums sums_from(const nlohmann::json& json) {
  return {json.at("seconds"), json.at("library_seconds"), json.at("images"), json.at("lr"), json.at("loss"), json.at("terms")};
}

std::string selected_name(std::size_t group, const Variant& variant) {
  return fmt::format("selected.{}.{}", group, variant.of ? variant.of->id : "raw");
}

nlohmann::json pack_selections(const Training& training, Packer& packer) {
  auto selections = nlohmann::json::array();
  for (std::size_t g = 0; g < training.selections.size(); ++g) {
    const auto& selection = training.selections[g];
    auto variants = nlohmann::json::array();
    for (const auto& variant : selection.variants) {
      variants.push_back(variant.of ? variant.of->id : "raw");
      packer.add(selected_name(g, variant), variant.weights);
    }
    selections.push_back({{"runs", training.groups[g].runs},
                          {"epoch", selection.epoch},
                          {"top1", selection.top1},
                          {"variants", variants}});
  }
  return selections;
}

void unpack_selections(const nlohmann::json& selections, const Tensors& tensors, Training& training) {
  for (std::size_t g = 0; g < training.selections.size(); ++g) {
    auto& selection = training.selections[g];
    selection.epoch = selections.at(g).at("epoch");
    selection.top1 = selections.at(g).at("top1");
    for (const auto& id : selections.at(g).at("variants")) {
      Variant variant;
      for (const auto& member : training.kit)
        if (member.id == id) variant.of = &member;
      variant.weights = training.student->weights().clone();
      copy_into(tensors, selected_name(g, variant), variant.weights);
      selection.variants.push_back(std::move(variant));
    }
  }
}

nlohmann::json pack_ingredients(const Kit& kit, Packer& packer) {
  auto values = nlohmann::json::object();
  for (const auto& member : kit) {
    Archive archive;
    member->save(archive);
    values[member.id] = archive.values;
    for (const auto& [name, tensor] : archive.tensors)
      packer.add("ingredient." + member.id + "." + name, tensor);
  }
  return values;
}

void unpack_ingredients(const nlohmann::json& values, const Tensors& tensors, const Kit& kit) {
  for (const auto& member : kit) {
    Archive archive;
    archive.values = values.at(member.id);
    const auto prefix = "ingredient." + member.id + ".";
    for (const auto& [name, tensor] : tensors)
      if (name.starts_with(prefix)) archive.tensors[name.substr(prefix.size())] = tensor;
    member->load(archive);
  }
}

/// The groups of runs, which selections belong to.
nlohmann::json groups_to_json(const Training& training) {
  auto groups = nlohmann::json::array();
  for (const auto& group : training.groups) groups.push_back(group.runs);
  return groups;
}

}  // namespace

TensorFile pack_state(const Training& training) {
  Packer packer;
  packer.add("weights", training.student->weights());
  for (const auto& part : training.along) packer.add("along." + part.name, part.weights);
  const nlohmann::json state{{"trajectory", training.request.trajectory},
                             {"groups", groups_to_json(training)},
                             {"epoch", training.at.epoch},
                             {"step", training.at.step},
                             {"sums", sums_to_json(training.sums)},
                             {"finished", training.finished},
                             {"ingredients", pack_ingredients(training.kit, packer)},
                             {"selections", pack_selections(training, packer)}};
  auto file = std::move(packer.file);
  const auto text = state.dump();
  file.metadata = {{"state", text}, {"digest", digest_of(file, text)}};
  return file;
}

std::optional<std::string> unpack_state(const TensorFile& file, Training& training) {
  const auto text = file.metadata.find("state");
  const auto digest = file.metadata.find("digest");
  if (text == file.metadata.end() || digest == file.metadata.end()) return "it is no checkpoint";
  if (digest->second != digest_of(file, text->second)) return "its content is not what was written";
  const auto state = nlohmann::json::parse(text->second);
  if (state.at("trajectory") != training.request.trajectory) return "it belongs to another trajectory";
  if (state.at("groups") != groups_to_json(training)) return "it was made for other runs of this trajectory";

  const Tensors tensors(file.tensors.begin(), file.tensors.end());
  copy_into(tensors, "weights", training.student->weights());
  for (auto& part : training.along) copy_into(tensors, "along." + part.name, part.weights);
  unpack_ingredients(state.at("ingredients"), tensors, training.kit);
  unpack_selections(state.at("selections"), tensors, training);
  training.at.epoch = state.at("epoch");
  training.at.step = state.at("step");
  training.sums = sums_from(state.at("sums"));
  training.finished = state.at("finished").get<std::vector<nlohmann::json>>();
  return std::nullopt;
}

}  // namespace ablate::training

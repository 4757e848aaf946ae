#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include "ingredients/distill/features.h"
#include "ingredients/distill/memory_bank.h"

namespace ablate::ingredients {
namespace {

/// Tells each sample's own score from those of the others, scores [N, 1 + K] with the own one first: noise
/// contrastive estimation against K draws from `images` (Tian et al. 2020, section 3).
at::Tensor contrast(const at::Tensor& scores, std::int64_t images) {
  constexpr double kEpsilon = 1e-7;
  const double noise = double(scores.size(1) - 1) / double(images);
  const auto own = scores.narrow(1, 0, 1), others = scores.narrow(1, 1, scores.size(1) - 1);
  const auto known = (own / (own + (noise + kEpsilon))).log();
  const auto told_apart = (noise / (others + (noise + kEpsilon))).log();
  return -(known.sum() + told_apart.sum()) / double(scores.size(0));
}

class ContrastiveDistillation final : public TappedDistillation {
 public:
  struct Params : FeatureParams {
    Params() {
      kd_weight = 0.8;
      maps = {"stage.-1"};
    }
    int dimensions = 128;
    int negatives = 16384;
    double temperature = 0.07;
    double momentum = 0.5;
  };
  explicit ContrastiveDistillation(const Params& p) : TappedDistillation(p), p_(p) {}

  void plan_epoch(EpochPlan& plan, const Progress&) override { negatives_.emplace(plan.order, labels_); }
  /// Behind the backward pass, which needs the banks as the scores saw them.
  void after_step(Student&, const Progress&) override {
    for (const auto& seen : seen_) {
      student_bank_->follow(seen.index, seen.student, p_.momentum);
      teacher_bank_->follow(seen.index, seen.teacher, p_.momentum);
    }
    seen_.clear();
  }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  /// Embeddings of a step's samples, which the banks have yet to follow; several when updates are put off.
  struct Seen {
    std::int64_t step = 0;
    at::Tensor index, student, teacher;
  };

  void declare(const std::vector<MapPair>& pairs, Modules& modules) override {
    modules.linear("student", pairs[0].student_shape.channels, p_.dimensions);
    modules.linear("teacher", pairs[0].teacher_shape.channels, p_.dimensions);
  }
  void prepare(Setup& setup) override;
  at::Tensor value(const Step& step) override;
  at::Tensor embedded(const char* head, const at::Tensor& map, const Batch& batch) const {
    return unit_rows(modules().project(head, pooled(map.narrow(0, 0, std::int64_t(batch.ids.size())))));
  }

  Params p_;
  std::vector<int> labels_;
  std::optional<Stream> draws_;
  std::optional<Negatives> negatives_;
  std::optional<MemoryBank> student_bank_, teacher_bank_;
  std::vector<Seen> seen_;
};

void ContrastiveDistillation::prepare(Setup& setup) {
  TappedDistillation::prepare(setup);
  labels_ = setup.labels();
  draws_ = setup.stream(setup.name() + ".negatives");
  const auto images = std::int64_t(labels_.size());
  student_bank_.emplace(images, p_.dimensions, setup.stream(setup.name() + ".student_bank"));
  teacher_bank_.emplace(images, p_.dimensions, setup.stream(setup.name() + ".teacher_bank"));
}

at::Tensor ContrastiveDistillation::value(const Step& step) {
  const auto student = embedded("student", student_maps(step)[0], step.batch);
  const auto teacher = embedded("teacher", teacher_maps(step)[0], step.batch);
  const auto index = negatives_->pick(step.batch.ids, p_.negatives, draws_->at(step.at.epoch, step.at.step));
  const auto images = negatives_->images();
  // a further pass of the same step (a wrapper asked for it) leaves the banks alone
  const auto now = step.at.global_step();
  if (seen_.empty() || seen_.back().step != now)
    seen_.push_back({now, index.select(1, 0), student.detach(), teacher.detach()});
  return contrast(teacher_bank_->scores(student, index, p_.temperature, images), images) +
         contrast(student_bank_->scores(teacher, index, p_.temperature, images), images);
}

void ContrastiveDistillation::save(Archive& archive) const {
  TappedDistillation::save(archive);
  student_bank_->save(archive, "student_bank");
  teacher_bank_->save(archive, "teacher_bank");
  auto steps = nlohmann::json::array();
  for (const auto& seen : seen_) {
    const auto name = "seen." + std::to_string(steps.size()) + ".";
    archive.tensors[name + "index"] = seen.index;
    archive.tensors[name + "student"] = seen.student;
    archive.tensors[name + "teacher"] = seen.teacher;
    steps.push_back(seen.step);
  }
  archive.values["seen"] = steps;
}

void ContrastiveDistillation::load(const Archive& archive) {
  TappedDistillation::load(archive);
  student_bank_->load(archive, "student_bank");
  teacher_bank_->load(archive, "teacher_bank");
  seen_.clear();
  for (const auto& step : archive.values.at("seen")) {
    const auto name = "seen." + std::to_string(seen_.size()) + ".";
    seen_.push_back({step, archive.tensors.at(name + "index"), archive.tensors.at(name + "student"),
                     archive.tensors.at(name + "teacher")});
  }
}

std::vector<std::string> one_map_refusals(const nlohmann::json& settings, const RecipeView&) {
  if (settings.at("maps").size() == 1) return {};
  return {"it embeds one map; name one in maps"};
}

}  // namespace

IngredientEntry distill_crd() {
  using P = ContrastiveDistillation::Params;
  auto header = feature_header(
      {.name = "distill.crd",
       .doc = "Embed each image near its own embedding by the teacher and far from those of other classes, "
              "kept in memory.",
       .source = "Tian, Krishnan, Isola 2020, arXiv:1910.10699 (CRD)",
       .formula = "kd_weight * sum_{s, t} mean_n [-log(u_0 / (u_0 + m + 1e-7)) - sum_k log(m / (u_k + m + "
                  "1e-7))], u = exp(e . v / temperature) / Z, e = the embedding by one network, v = what the "
                  "bank keeps of the other's, of the same image (0) or another's (k); m = negatives / M, M = "
                  "images of the epoch, Z = M times the first batch's mean of exp(e . v / temperature)",
       .interactions =
           std::string("Every image of the data is scored at every step: batch x images x `dimensions` "
                       "multiply-adds for each of two banks. Of several views it looks at the first. "
                       "`augment.repeated` leaves it fewer images an epoch to draw from. ") +
           kTrainedAlong,
       .refuses = one_map_refusals});
  header.trial = {{"negatives", 16}};
  return describe<ContrastiveDistillation>(
      std::move(header),
      feature_fields<P>("RepDistiller: weight 0.8, the last stage, pooled")
          .add("dimensions", &P::dimensions, at_least(2), "of the embeddings", "RepDistiller")
          .add("negatives", &P::negatives, at_least(1),
               "images of other classes that each is told apart from, drawn with replacement",
               "RepDistiller, which draws without where it can")
          .add("temperature", &P::temperature, above(0), "divides the cosines", "RepDistiller")
          .add("momentum", &P::momentum, from_below(0, 1), "share of a kept embedding that a new one leaves",
               "RepDistiller"));
}

}  // namespace ablate::ingredients

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/random.h"
#include "harness/data/catalogue.h"
#include "harness/data/loader.h"
#include "harness/execute/executor.h"
#include "harness/execute/weights.h"
#include "harness/graph/graph.h"
#include "ingredients/catalogue.h"

namespace ablate {

/// Where training stands. Steps count batches: where gradients are accumulated, several make an update.
struct Progress {
  int epoch = 0;  // from 0
  int step = 0;   // of the epoch, from 0
  int epochs = 0;
  int steps_per_epoch = 0;

  std::int64_t global_step() const { return std::int64_t(epoch) * steps_per_epoch + step; }
  std::int64_t total_steps() const { return std::int64_t(epochs) * steps_per_epoch; }
};

/// The samples of a step. Images are 0..1 pixel values before normalisation: what mixes or erases acts on
/// these, and every network (student or teacher) normalises them for itself.
struct Batch {
  at::Tensor images;               // [V * N, 3, H, W]; view v of sample i stands at v * N + i
  at::Tensor targets;              // [N, C], distributions
  at::Tensor labels;               // [N], int64, as the data set says
  std::vector<std::uint32_t> ids;  // [N], index in the pack
  int views = 1;
};

/// A network that can be asked: the student, or a teacher.
class Model {
 public:
  virtual ~Model() = default;
  /// Normalises images [N, 3, H, W] of 0..1 values and runs the network.
  virtual Output forward(const at::Tensor& images, const Pass& pass) = 0;
  virtual const Graph& graph() const = 0;
};

/// The student and what may be done to it.
class Student : public Model {
 public:
  virtual Weights& weights() = 0;
  /// The same network with other weights of its layout: an average as teacher, a masked copy.
  virtual Output forward_with(const Weights& weights, const at::Tensor& images, const Pass& pass) = 0;
};

/// What an ingredient may ask for before training starts.
class Setup {
 public:
  virtual ~Setup() = default;
  virtual const Graph& graph() const = 0;  // training form
  virtual int classes() const = 0;
  virtual const Progress& length() const = 0;  // epochs and steps per epoch
  virtual int batch() const = 0;
  virtual const std::string& name()
      const = 0;  // of the ingredient that asks: "distill.logit", "distill.logit@second"
  virtual Stream stream(const std::string& purpose) const = 0;  // name() is the usual purpose
  virtual const Weights& weights() const = 0;                   // as initialised
  virtual const DataOptions& data() const = 0;  // what networks see: size, mean and spread of pixel values
  virtual const std::vector<int>& labels() const = 0;  // of every image, by index in the pack (memory banks)

  virtual void want_tap(const std::string& path) = 0;  // of the student, handed out in Step::student.taps
  /// Of each sample, the most that anybody wants. The task term looks at the first; the others are for
  /// whoever asked.
  virtual void want_views(int views) = 0;
  /// All views of a sample are cut and mirrored alike: they differ in what comes after (Stage::Augment on).
  virtual void want_alike_crops() = 0;
  /// Every image has so many fixed views (`Ingredient::image_seed`, `EpochPlan::draws`), one an epoch in
  /// turn. What teachers say of them is computed once and kept: the `top` largest probabilities and what is
  /// left for the other classes, in half precision. All trainings see what was kept.
  virtual void keep_views(int views, int top) = 0;
  /// A teacher by its reference; its outputs for the batch stand in Step::teachers under the reference's
  /// canonical text. Taps of it are handed out too (they are not cached: a teacher with taps runs every
  /// step).
  virtual void want_teacher(const TeacherRef& teacher, const std::vector<std::string>& taps = {}) = 0;
  /// A teacher to be looked at (its graph) or asked at will; nothing of this is cached.
  virtual Model& teacher(const TeacherRef& teacher) = 0;
  /// Tensors trained along with the student, saved in checkpoints, averaged by nothing and counted nowhere.
  /// Zero at first: fill them in; the reference stays valid.
  virtual Weights& train_along(const std::vector<StateEntry>& entries) = 0;
};

/// One forward pass of the student on a batch, and what the teachers said of the same pixels.
struct Step {
  const Progress& at;
  const Batch& batch;
  const Output& student;
  const std::map<std::string, Output>& teachers;  // logits [V * N, C]
  Student& network;                               // for further passes (r_drop, adversarial)
  const Pass& pass;
};

/// Named terms that add up to what is minimised; each is recorded.
class Loss {
 public:
  struct Term {
    std::string name;
    double weight = 1;
    at::Tensor value;  // scalar
  };
  /// Names are distinct; `value` is a scalar.
  void add(const std::string& name, double weight, const at::Tensor& value);
  /// Multiplies the weight of a term that is there (a wrapper that needs the gradients of terms apart).
  void scale(const std::string& name, double factor);
  const std::vector<Term>& terms() const { return terms_; }
  /// Sum of weight x value. A term of weight 0 takes no part, so that it cannot change a bit.
  at::Tensor total() const;

 private:
  std::vector<Term> terms_;
};

/// Rate, decay and momentum of one update; schedules write here, optimizers read.
struct Rates {
  double lr_factor = 1;            // times the optimizer's base lr: a schedule's shape
  std::optional<double> lr;        // or the rate itself
  std::optional<double> momentum;  // instead of the optimizer's own (one_cycle)
  double weight_decay_factor = 1;  // annealing
};

/// One flat buffer of trained values with its gradients: the student's, or a set trained along.
struct ParameterSet {
  std::string name;              // "student", or the ingredient that trains it along
  at::Tensor values, gradients;  // [elements]
  const std::vector<Segment>* segments = nullptr;
  /// Per segment: factors on learning rate and weight decay (1 unless an ingredient excludes or scales).
  std::vector<double> lr_scale, decay_scale;
};

/// What an update is about.
struct Update {
  Progress at;
  Rates rates;
  std::vector<ParameterSet>& sets;
  /// Set by a wrapper that put the update off (gradient accumulation): after_step is left out.
  bool postponed = false;
};

/// Scalars and tensors that an ingredient must remember across an interruption.
class Archive {
 public:
  std::map<std::string, at::Tensor> tensors;
  nlohmann::json values = nlohmann::json::object();
};

/// How an epoch is laid out.
struct EpochPlan {
  std::vector<std::uint32_t> order;  // pack indices of the epoch's samples; at first a keyed permutation
  int size = 0;                      // height = width of training images
  int draws = 0;  // the epoch that samples draw by (SampleAt::epoch): reinforced data repeats a few
  /// Of what regularises, as a share of its settings: a curriculum sets it, and what has a strength follows.
  double strength = 1;
};

/// Top-1 (share of 0..1) and loss on the validation split; absent when there is none.
struct Validation {
  double top1 = 0, loss = 0;
};

/// What an epoch ended with.
struct EpochEnd {
  Progress at;                                  // of the last step
  const std::optional<Validation>& validation;  // of the raw weights
  Student& network;
  /// Runs `use` on the batches of a keyed pass over the training data, unmixed, with evaluation's
  /// preprocessing: for recomputing statistics.
  std::function<void(int batches, const std::function<void(const Batch&)>& use)> over_training_data;
};

/// Puts weights back when it goes out of scope.
class Undo {
 public:
  Undo() = default;
  explicit Undo(std::function<void()> undo) : undo_(std::move(undo)) {}
  Undo(Undo&& other) noexcept : undo_(std::move(other.undo_)) { other.undo_ = nullptr; }
  Undo& operator=(Undo&&) = delete;
  ~Undo() {
    if (undo_) undo_();
  }

 private:
  std::function<void()> undo_;
};

/// How often an ingredient did what, for the ledger; all zero means that it did nothing.
using Counters = std::map<std::string, double>;

/// A training trick. Every hook does nothing by default; a concrete class is final and overrides what it
/// needs. Hooks run with gradients off, but for before_forward, task_loss and add_loss. A window of training
/// in which it is active is its own matter: every hook of a step knows where training stands. Here they stand
/// in the order of a training:
class Ingredient {
 public:
  virtual ~Ingredient() = default;

  // before training
  /// Changes fresh weights (zero_gamma), before `begin`; not called when weights are read from a file.
  virtual void initialise(Weights&, const Graph&) {}
  virtual void begin(Setup&) {}

  /// The seed by which single images are cut and changed (Stage::Crop to Erase), in place of the run's:
  /// trainings of other seeds then see the same pixels. Asked before anybody begins.
  virtual std::optional<std::uint64_t> image_seed() const { return std::nullopt; }

  // an epoch's start
  virtual void plan_epoch(EpochPlan&, const Progress&) {}
  /// On bytes, in loader threads: const, and drawing only by SampleAt.
  virtual bool crops() const { return false; }
  /// Cuts a square of `size` out of the image as stored, in place of evaluation's resize and crop
  /// (resized_crop).
  virtual void crop(Image&, int /*size*/, const SampleAt&) const {}
  virtual bool augments() const { return false; }
  virtual void augment(Image&, const SampleAt&) const {}

  // a step
  virtual void transform_batch(Batch&, const Progress&) {}
  /// How the pass that counts is done (frozen statistics, rates of dropout).
  virtual void plan_pass(Pass&, const Progress&) {}
  /// The student may be asked (for gradients with respect to the images, say) before the pass that counts.
  /// Teachers have looked already: they see the batch as transform_batch left it.
  virtual void before_forward(Batch&, Student&, const Pass&, const Progress&) {}
  /// Other weights for one forward and backward (a mask, a perturbation); undone before the update.
  virtual Undo perturb(Student&, const Progress&) { return {}; }
  /// The weight of the task term, when this ingredient sets it (`ce_weight`).
  virtual std::optional<double> task_weight() const { return std::nullopt; }
  /// Replaces cross-entropy as the task term; at most one ingredient does.
  virtual std::optional<at::Tensor> task_loss(const Step&) { return std::nullopt; }
  virtual void add_loss(const Step&, Loss&) {}
  /// Once a step, on the gradients that the optimizer is about to use (inside all wrappers).
  virtual void after_backward(Update&) {}
  virtual void schedule(Rates&, const Progress&) {}
  /// Factors per segment, once before training: exclusions from decay, scaled rates.
  virtual void group(ParameterSet&) {}
  /// The optimizer: changes the values of every set by its gradients.
  virtual void apply(Update&) {}
  /// A wrapper: does the update its own way with `gradients` (a further forward and backward at the values as
  /// they are then, with BatchNorm statistics frozen and the first pass's draws) and `next` (the update
  /// inside it).
  virtual void wrap(Update& update, const std::function<void()>& /*gradients*/,
                    const std::function<void()>& next) {
    (void)update;
    next();
  }
  virtual void after_step(Student&, const Progress&) {}

  // an epoch's end
  /// After the raw weights were validated, before averages are evaluated.
  virtual void after_epoch(EpochEnd&) {}

  // evaluation
  /// Weights that are evaluated beside the raw ones, or null (none, or no update yet); those of the family
  /// `average` are reported instead of the raw ones.
  virtual const Weights* average() const { return nullptr; }
  /// What is evaluated and saved differs from what is trained (a mask): changes a copy of raw or averaged
  /// weights.
  virtual void deliver(Weights&) const {}
  /// Height = width of the images of evaluation, in place of the data set's own (test_size).
  virtual std::optional<int> evaluation_size() const { return std::nullopt; }
  /// Over how many batches of training images of that size BatchNorm's statistics are computed anew, in every
  /// copy of weights that is evaluated; 0: they stay as trained.
  virtual int statistics_batches() const { return 0; }

  // across an interruption: everything it remembers, counters too
  virtual void save(Archive&) const {}
  virtual void load(const Archive&) {}

  /// By the names that the declaration lists; the trainer puts its own name before them
  /// ("mix.mixup.batches"). An ingredient that declares none is believed.
  virtual Counters counters() const { return {}; }
};

}  // namespace ablate

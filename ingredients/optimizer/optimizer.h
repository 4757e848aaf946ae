#pragma once

#include <ATen/Dispatch.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingredients/counting.h"
#include "ingredients/optimizer/buffers.h"
#include "ingredients/optimizer/runs.h"

namespace ablate::ingredients {

/// Settings that every optimizer has.
struct BaseRate {
  double lr = 0;
  std::optional<int> lr_for_batch;
  std::string lr_scaling = "linear";
  double weight_decay = 0;
};

/// Why no optimizer is neutral, or takes `active`.
inline constexpr const char* kNothingTrains = "without an optimizer nothing is trained";

/// What a pass over a part of a set sees; T is float or double.
template <class T>
struct Slice {
  T* w;                   // values
  const T* g;             // gradients
  std::vector<T*> state;  // the optimizer's buffers
  std::int64_t n;
  double lr, decay;
};

/// An optimizer: a pass over the flat buffers of every set, with buffers of its own. Counts updates.
class Optimizer : public Counting {
 public:
  void begin(Setup& setup) final;
  /// Scales the base rate from the batch it is meant for to the batch of this training.
  void schedule(Rates& rates, const Progress&) final { rates.lr_factor *= batch_factor_; }
  void apply(Update& update) final;
  void save(Archive& archive) const final;
  void load(const Archive& archive) final;

 protected:
  Optimizer(const BaseRate& base, std::vector<SetBuffers::Declaration> buffers)
      : Counting("updates"), base_(base), buffers_(std::move(buffers)) {}

  /// One set in one update.
  struct Job {
    ParameterSet& set;
    const std::vector<at::Tensor>& buffers;
    const Rates& rates;
    double lr, decay;     // before the factors of segments
    std::int64_t update;  // from 1
  };
  /// Looks at all sets before the first one changes.
  virtual void prepare(const Update&) {}
  virtual void change(const Job& job) = 0;

  /// Calls `pass` with the Slice of every run.
  template <class Pass>
  static void each_slice(const Job& job, const std::vector<Run>& runs, const Pass& pass) {
    AT_DISPATCH_FLOATING_TYPES(job.set.values.scalar_type(), "optimizer", [&] {
      auto* w = job.set.values.template data_ptr<scalar_t>();
      const auto* g = job.set.gradients.template const_data_ptr<scalar_t>();
      for (const auto& run : runs) {
        Slice<scalar_t> slice{w + run.offset, g + run.offset,        {},
                              run.length,     job.lr * run.lr_scale, job.decay * run.decay_scale};
        for (const auto& buffer : job.buffers)
          slice.state.push_back(buffer.template data_ptr<scalar_t>() + run.offset);
        pass(slice);
      }
    });
  }
  template <class Pass>
  static void each_slice(const Job& job, const Pass& pass) {
    each_slice(job, runs_of(job.set), pass);
  }

 private:
  BaseRate base_;
  double batch_factor_ = 1;
  SetBuffers buffers_;
};

/// 1 - beta^t: what an average that began at zero has seen after t values.
double bias_correction(double beta, std::int64_t t);

/// Adds the rate: its default comes from `source`.
template <class P>
Fields<P>& add_rate(Fields<P>& fields, const std::string& source) {
  return fields.add("lr", &BaseRate::lr, at_least(0), "base learning rate", source)
      .add("lr_for_batch", &BaseRate::lr_for_batch, at_least(1),
           "the batch that lr is meant for: it is scaled to that of the training; null: lr as it is",
           "lr as it is, as torch and timm take it")
      .add("lr_scaling", &BaseRate::lr_scaling, one_of({"linear", "square_root"}),
           "with lr_for_batch: whether lr grows with the batch, or with its square root",
           "linear: Goyal et al. 2017, arXiv:1706.02677; square_root is usual for Adam and LAMB");
}

template <class P>
Fields<P>& add_weight_decay(Fields<P>& fields, const std::string& doc, const std::string& source) {
  return fields.add("weight_decay", &BaseRate::weight_decay, at_least(0), doc, source);
}

inline constexpr const char* kCoupled = "added to the gradient, times the weights (coupled)";
inline constexpr const char* kDecoupled = "share of the weights taken off at a rate of 1 (decoupled)";

/// Why the settings of the rate make no sense.
std::vector<std::string> rate_refusals(const nlohmann::json& settings, const RecipeView& recipe);

/// describe() with what every optimizer declares; it refuses rate_refusals unless it says what.
template <class T>
IngredientEntry describe_optimizer(IngredientHeader header, const Fields<typename T::Params>& fields) {
  header.stage = Stage::Update;
  header.no_neutral = header.no_window = kNothingTrains;
  header.counters = {"updates"};
  if (!header.refuses) header.refuses = rate_refusals;
  return describe<T>(std::move(header), fields);
}

}  // namespace ablate::ingredients

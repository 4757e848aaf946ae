// What a training step costs beside the network's own passes, on one thread: the step as the trainer does it,
// and each part by itself through the hooks that the trainer calls, on a real student and a real batch.
// Prints Markdown. Before each repetition of a part the caches are filled with something else, as the
// network's passes do. Times are the process's CPU time, the loader's thread included.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/allocations.h"
#include "bench/lab.h"
#include "harness/execute/threads.h"
#include "harness/train/batches.h"
#include "harness/train/environment.h"
#include "harness/train/step.h"

namespace ablate {
namespace {

using training::Training;

constexpr int kBatch = Lab::kBatch, kSize = Lab::kSize, kClasses = Lab::kClasses, kEpochs = Lab::kEpochs,
              kSteps = Lab::kSteps;
constexpr int kRepetitions = 31;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Of this process so far, in milliseconds: others on the core do not count.
double cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * double(now.tv_sec) + 1e-6 * double(now.tv_nsec);
}

/// A whole step: its time over the last two epochs, what it allocates in the last.
struct WholeStep {
  double milliseconds = 0;
  Allocations allocations;  // of kSteps steps
};

WholeStep measure_step(Training& t) {
  std::vector<double> times;
  WholeStep result;
  for (; t.at.epoch < kEpochs; ++t.at.epoch) {
    t.at.step = 0;
    training::EpochBatches batches(t.task, t.kit, t.at, {t.views, t.alike_crops}, 1);
    const auto before = allocations_so_far();
    for (; t.at.step < kSteps; ++t.at.step) {
      const auto start = cpu_time();
      auto batch = batches.next();
      t.sums.add(training::train_step(t, batch), kBatch);
      if (t.at.epoch > 0) times.push_back(cpu_time() - start);
    }
    const auto after = allocations_so_far();
    result.allocations = {after.bytes - before.bytes, after.small - before.small, after.large - before.large,
                          after.faults - before.faults};
  }
  result.milliseconds = median(times);
  return result;
}

/// The median of `work` after `prepare`, with cold caches.
double cost_of(const std::function<void()>& prepare, const std::function<void()>& work) {
  static std::vector<float> elsewhere(std::size_t(1) << 24);  // 64 MB
  std::vector<double> times;
  for (int i = 0; i < kRepetitions; ++i) {
    prepare();
    for (auto& value : elsewhere) value += 1;
    const auto start = cpu_time();
    work();
    times.push_back(cpu_time() - start);
  }
  return median(times);
}

ByteBatch noise_bytes() {
  ByteBatch bytes;
  bytes.count = kBatch;
  bytes.height = bytes.width = kSize;
  for (int i = 0; i < kBatch; ++i) {
    bytes.labels.push_back(i % kClasses);
    bytes.ids.push_back(std::uint32_t(i));
  }
  bytes.pixels.resize(std::size_t(kBatch) * kSize * kSize * 3);
  for (std::size_t i = 0; i < bytes.pixels.size(); ++i) bytes.pixels[i] = std::uint8_t(i * 2654435761u >> 24);
  return bytes;
}

/// A part of a step, and what it costs.
struct Part {
  std::string name;
  double milliseconds = 0;
  bool of_losses = false;  // mixing, smoothing, losses: bounded together
};

class Parts {
 public:
  explicit Parts(Lab& lab) : lab_(lab) {}

  std::vector<Part> measure() {
    for (const std::string name : {"sgd", "adamw", "lamb", "lion"}) update("optimizer", name, {}, apply);
    update("optimizer", "sam", {}, [](Ingredient& i, Training& t) {
      Update update{t.at, {}, t.sets};
      i.wrap(
          update, [] {}, [] {});
    });
    update("average", "ema", {}, [](Ingredient& i, Training& t) { i.after_step(*t.student, t.at); });
    update("regularize", "clip", {}, [](Ingredient& i, Training& t) {
      Update update{t.at, {}, t.sets};
      i.after_backward(update);
    });
    mix("mix", "mixup", {});
    mix("mix", "cutmix", {{"probability", 1.0}});
    mix("loss", "label_smoothing", {});
    lab_.with("optimizer", "sgd", {}, [&](Training& t, Ingredient&) { of_every_step(t); });
    lab_.with("distill", "logit", {}, [&](Training& t, Ingredient& i) { distill(t, i); });
    return parts_;
  }

 private:
  static void apply(Ingredient& optimizer, Training& t) {
    Update update{t.at, training::scheduled_rates(t), t.sets};
    optimizer.apply(update);
  }
  static Batch batch() { return training::to_batch(noise_bytes(), kClasses); }
  static at::Tensor fresh_logits() { return at::randn({kBatch, kClasses}).requires_grad_(true); }

  /// What acts on weights and gradients.
  void update(const std::string& family, const std::string& name, const nlohmann::json& settings,
              const std::function<void(Ingredient&, Training&)>& work) {
    lab_.with(family, name, given(settings), [&](Training& t, Ingredient& i) {
      auto& gradients = t.sets.front().gradients;
      const auto kept = at::randn_like(gradients).mul_(0.01);
      parts_.push_back({family + "." + name, cost_of([&] { gradients.copy_(kept); }, [&] { work(i, t); })});
    });
  }
  /// What changes a batch.
  void mix(const std::string& family, const std::string& name, const nlohmann::json& settings) {
    lab_.with(family, name, given(settings), [&](Training& t, Ingredient& i) {
      auto mixed = batch();
      parts_.push_back({family + "." + name,
                        cost_of([&] { ++t.at.step; }, [&] { i.transform_batch(mixed, t.at); }), true});
    });
  }
  void of_every_step(Training& t) {
    const auto targets = batch().targets;
    at::Tensor logits, value;
    const auto task = [&] {
      const at::AutoGradMode with_gradients(true);
      value = training::soft_cross_entropy(logits, targets);
      value.backward();
    };
    const auto prepare = [&] { logits = fresh_logits(); };
    parts_.push_back({"the task's loss and its gradient", cost_of(prepare, task), true});

    Loss loss;
    loss.add("task", 1, value.detach());
    parts_.push_back({"recording the losses",
                      cost_of([] {}, [&] { t.sums.add(training::values_of(loss, loss.total()), kBatch); })});
    parts_.push_back(
        {"gradients set to zero", cost_of([] {}, [&] { t.student->weights().clear_gradients(); })});
    const auto bytes = noise_bytes();
    parts_.push_back({"pixel values of bytes", cost_of([] {}, [&] { training::to_batch(bytes, kClasses); })});
  }
  void distill(Training& t, Ingredient& ingredient) {
    const auto samples = batch();
    const auto answers = t.teachers.answer(samples, t.at);
    const auto pass = t.pass();
    Output output;
    parts_.push_back({"distill.logit and its gradient",
                      cost_of([&] { output.logits = fresh_logits(); },
                              [&] {
                                const at::AutoGradMode with_gradients(true);
                                Loss loss;
                                const Step step{t.at, samples, output, answers, *t.student, pass};
                                ingredient.add_loss(step, loss);
                                loss.total().backward();
                              }),
                      true});
  }
  static nlohmann::json given(const nlohmann::json& settings) {
    return settings.is_null() ? nlohmann::json::object() : settings;
  }

  Lab& lab_;
  std::vector<Part> parts_;
};

struct Measured {
  WholeStep step;
  std::vector<Part> parts;
};

Measured measure(const std::string& network) {
  Lab lab(network);
  Measured measured;
  lab.with("optimizer", "sgd", nlohmann::json::object(),
           [&](Training& t, Ingredient&) { measured.step = measure_step(t); });
  measured.parts = Parts(lab).measure();
  return measured;
}

std::string share(double milliseconds, const Measured& of) {
  return fmt::format("{:.3f} ms, {:.3f} %", milliseconds, 100 * milliseconds / of.step.milliseconds);
}

void print(const Measured& a, const Measured& b) {
  const auto row = [&](const std::string& name, const auto& text) {
    fmt::print("| {} | {} | {} |\n", name, text(a), text(b));
  };
  fmt::print("| 32 px, batch 128, width 1.0 | MobileNetV2 | GhostNetV2 |\n| --- | --- | --- |\n");
  row("a whole step, by SGD",
      [](const Measured& m) { return fmt::format("{:.1f} ms", m.step.milliseconds); });
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    row(a.parts[i].name, [i](const Measured& m) { return share(m.parts[i].milliseconds, m); });
  row("mixing, smoothing and losses together", [](const Measured& m) {
    double sum = 0;
    for (const auto& part : m.parts) sum += part.of_losses ? part.milliseconds : 0;
    return share(sum, m);
  });
  const auto count = [&](const std::string& name, std::uint64_t Allocations::*of, double unit) {
    row(name, [=](const Measured& m) {
      return fmt::format("{:.1f}", double(m.step.allocations.*of) / kSteps / unit);
    });
  };
  count("third epoch: MB allocated a step", &Allocations::bytes, 1e6);
  count("small blocks", &Allocations::small, 1);
  count("large blocks", &Allocations::large, 1);
  count("pages faulted in", &Allocations::faults, 1);
}

}  // namespace
}  // namespace ablate

int main(int, char** words) {
  try {
    const at::NoGradGuard no_gradients;
    ablate::set_kernel_threads(1);
    ablate::training::configure_process(1);
    ablate::print(ablate::measure("mobilenetv2"), ablate::measure("ghostnetv2"));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", words[0], error.what());
    return 1;
  }
}

#include "harness/data/catalogue.h"
#include "harness/data/cifar_binary.h"

namespace ablate::data {
namespace {

struct Cifar100 : DataOptions {
  PathValue path;
  std::string label = "fine";
  Cifar100() {
    mean = {0.5071, 0.4865, 0.4409};
    std = {0.2673, 0.2564, 0.2762};
  }
};

int cifar100_classes(const Cifar100& settings) {
  return settings.label == "fine" ? 100 : 20;
}

DataFacts cifar100_facts(const Cifar100& settings) {
  return {.classes = cifar100_classes(settings), .size = settings.size};
}

std::unique_ptr<DataSource> open_cifar100(const Cifar100& settings) {
  return open_cifar(settings.path.text, {.folder = "cifar-100-binary",
                                         .train_files = {"train.bin"},
                                         .test_file = "test.bin",
                                         .names_file = settings.label + "_label_names.txt",
                                         .classes = cifar100_classes(settings),
                                         .label_bytes = 2,  // coarse, then fine
                                         .label_at = settings.label == "fine" ? 1 : 0});
}

}  // namespace

DataEntry cifar100() {
  return describe(
      {.name = "cifar100",
       .doc = "CIFAR-100 in its binary version: 32 x 32 pixels, 100 classes in 20 groups.",
       .source = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; mean and std of "
                 "its training images"},
      cifar100_facts, open_cifar100,
      Fields<Cifar100>{}
          .add("path", &Cifar100::path, any(), "folder with train.bin and test.bin")
          .required()
          .add("label", &Cifar100::label, one_of({"fine", "coarse"}), "the 100 classes, or their 20 groups"));
}

}  // namespace ablate::data

#include "harness/data/catalogue.h"
#include "harness/data/cifar_binary.h"

namespace ablate::data {
namespace {

struct Cifar10 : DataOptions {
  PathValue path;
  Cifar10() {
    mean = {0.4914, 0.4822, 0.4465};
    std = {0.2471, 0.2435, 0.2616};
  }
};

DataFacts cifar10_facts(const Cifar10& settings) {
  return {.classes = 10, .size = settings.size};
}

std::unique_ptr<DataSource> open_cifar10(const Cifar10& settings) {
  return open_cifar(settings.path.text,
                    {.folder = "cifar-10-batches-bin",
                     .train_files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin"},
                     .test_file = "test_batch.bin",
                     .names_file = "batches.meta.txt",
                     .classes = 10});
}

}  // namespace

DataEntry cifar10() {
  return describe({.name = "cifar10",
                   .doc = "CIFAR-10 in its binary version: 32 x 32 pixels, 10 classes.",
                   .source = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; mean "
                             "and std of its training images"},
                  cifar10_facts, open_cifar10,
                  Fields<Cifar10>{}
                      .add("path", &Cifar10::path, any(), "folder with data_batch_1.bin to test_batch.bin")
                      .required());
}

}  // namespace ablate::data

#pragma once

#include "harness/data/catalogue.h"

namespace ablate {

/// How many images of noise there are, and of what.
struct Noise {
  int size = 32;  // height = width, in pixels
  int classes = 10;
  int train = 0;  // images; two more are for the test
};

/// A data set of random pixels, labels in turn, stored as they are so that nothing is to be decoded.
DataEntry noise_data(const Noise& noise);

}  // namespace ablate

#include "harness/core/random.h"

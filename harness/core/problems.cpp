#include "harness/core/problems.h"

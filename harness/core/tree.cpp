#include "harness/core/tree.h"

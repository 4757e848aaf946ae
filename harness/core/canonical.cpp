#include "harness/core/canonical.h"

#include "harness/core/params.h"

#include "harness/core/journal.h"

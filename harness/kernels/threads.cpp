#include "harness/kernels/maps.h"

namespace ablate::kernels {

void in_order(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

}  // namespace ablate::kernels

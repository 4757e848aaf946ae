// Highway, with one instruction set more than it knows: AVX-512 of CPUs that multiply bfloat16. It takes the
// place of Highway's AVX3_DL, which all of those that kernels run on have too (isa.cpp sees to that).
// Included in place of hwy/highway.h, once an instruction set.
#if defined(ABLATE_KERNELS_TARGET_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_TARGET_INL_H
#undef ABLATE_KERNELS_TARGET_INL_H
#else
#define ABLATE_KERNELS_TARGET_INL_H
#endif

#include <hwy/highway.h>

// What HWY_BEFORE_NAMESPACE and HWY_ATTR compile for.
#if HWY_TARGET == HWY_AVX3_DL
#undef HWY_TARGET_STR
#ifdef HWY_TARGET_STR_AVX3_DL
#define HWY_TARGET_STR HWY_TARGET_STR_AVX3_DL ",avx512bf16"
#else  // Highway before 1.0.4
#define HWY_TARGET_STR \
  HWY_TARGET_STR_AVX3  \
  ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg,avx512vpopcntdq,avx512bf16"
#endif
#endif

#endif

#pragma once

#include <string>
#include <vector>

namespace ablate::kernels {

/// The instruction set that the kernels use: "avx512_bf16" (AVX-512 with products of bfloat16), "avx512",
/// "avx2" (with FMA) or "portable". The best that the CPU has, unless the environment variable ABLATE_ISA
/// names one. Throws Error, with those there are, when it names another or one the CPU lacks.
const std::string& instruction_set();

/// Those this CPU has, best first.
std::vector<std::string> instruction_sets();

/// For tests and benchmarks: uses that one from now on. Not while kernels run.
void use_instruction_set(const std::string& name);

}  // namespace ablate::kernels

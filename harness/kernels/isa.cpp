#include "harness/kernels/isa.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "harness/core/problems.h"

namespace ablate::kernels {
namespace {

struct Set {
  std::string name;
  std::int64_t target;  // Highway's, one of those that the kernels are compiled for
};

/// Best first; "portable" is what the compiler assumes of every CPU of this kind.
std::vector<Set> sets_of_this_cpu() {
  const std::int64_t there = hwy::SupportedTargets() & HWY_TARGETS;
  std::vector<Set> sets;
#if HWY_TARGETS & HWY_AVX3_DL
  if ((there & HWY_AVX3_DL) && __builtin_cpu_supports("avx512bf16"))  // see target-inl.h
    sets.push_back({"avx512_bf16", HWY_AVX3_DL});
#endif
  if (there & HWY_AVX3) sets.push_back({"avx512", HWY_AVX3});
  if (there & HWY_AVX2) sets.push_back({"avx2", HWY_AVX2});
  sets.push_back({"portable", HWY_STATIC_TARGET});
  return sets;
}

const std::vector<Set>& sets() {
  static const auto all = sets_of_this_cpu();
  return all;
}

const Set& set_named(const std::string& name) {
  const auto found =
      std::find_if(sets().begin(), sets().end(), [&](const Set& set) { return set.name == name; });
  if (found == sets().end())
    throw Error(fmt::format("ABLATE_ISA: this CPU has no '{}'; it has {}", name,
                            fmt::join(instruction_sets(), ", ")));
  return *found;
}

const Set& first_choice() {
  const char* named = std::getenv("ABLATE_ISA");
  return named && *named ? set_named(named) : sets().front();
}

const Set* chosen = nullptr;

void choose(const Set& set) {
  chosen = &set;
  hwy::SetSupportedTargetsForTest(set.target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

const std::string& instruction_set() {
  static const bool first = (choose(first_choice()), true);
  static_cast<void>(first);
  return chosen->name;
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const auto& set : sets()) names.push_back(set.name);
  return names;
}

void use_instruction_set(const std::string& name) {
  instruction_set();  // so that the first choice does not come later
  choose(set_named(name));
}

}  // namespace ablate::kernels

#include "harness/kernels/isa.h"

#include <gtest/gtest.h>

#include "harness/core/problems.h"

namespace ablate::kernels {
namespace {

TEST(InstructionSet, IsOneOfThoseTheCpuHas) {
  const auto all = instruction_sets();
  EXPECT_EQ(all.back(), "portable");
  for (const auto& name : all) {
    use_instruction_set(name);
    EXPECT_EQ(instruction_set(), name);
  }
  use_instruction_set(all.front());
}

TEST(InstructionSet, ThatTheCpuLacksIsRefusedWithThoseItHas) {
  try {
    use_instruction_set("avx10");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("portable"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ablate::kernels

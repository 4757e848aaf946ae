# Writes ablate_build_info.h when it changed; run at every build, so that the commit is that of the build, not of the
# configuration. SOURCE, OUTPUT, VERSION, COMPILER and LIBTORCH are given with -D.
set(commit "")
set(dirty false)
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # A copy without .git inside another repository has no commit of its own.
  if(top AND EXISTS "${SOURCE}/CMakeLists.txt")
    file(REAL_PATH "${top}" top)
    file(REAL_PATH "${SOURCE}" source)
    if(top STREQUAL source)
      execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse HEAD
        OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain --untracked-files=no
        OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      if(changes)
        set(dirty true)
      endif()
    endif()
  endif()
endif()

set(text "#pragma once

namespace ablate {

inline constexpr const char* kBuildVersion = \"${VERSION}\";
inline constexpr const char* kBuildCommit = \"${commit}\";
inline constexpr bool kBuildDirty = ${dirty};
inline constexpr const char* kBuildCompiler = \"${COMPILER}\";
inline constexpr const char* kBuildLibTorch = \"${LIBTORCH}\";

}  // namespace ablate
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()

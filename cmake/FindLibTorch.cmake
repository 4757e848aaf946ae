# Finds LibTorch without its own CMake package: that one mixes in a system libc10 when Debian's LibTorch is also
# installed, and a CUDA wheel's demands the CUDA toolkit.
#   ABLATE_LIBTORCH (variable or environment): a folder that holds include/ and lib/
#   else the `torch` of the Python found first, if its C++ ABI is the current one
# Links libtorch_cpu and libc10 only: libtorch holds nothing itself, and a CUDA wheel's would load all of CUDA at every start.
# Defines LibTorch::LibTorch, LibTorch_ROOT and LibTorch_VERSION.

set(LibTorch_ROOT "${ABLATE_LIBTORCH}")
if(NOT LibTorch_ROOT AND DEFINED ENV{ABLATE_LIBTORCH})
  set(LibTorch_ROOT "$ENV{ABLATE_LIBTORCH}")
endif()
if(NOT LibTorch_ROOT)
  find_program(ABLATE_PYTHON NAMES python3 python)
  if(ABLATE_PYTHON)
    execute_process(
      COMMAND ${ABLATE_PYTHON} -c
        "import os, torch; print(os.path.dirname(torch.__file__) if torch.compiled_with_cxx11_abi() else '')"
      OUTPUT_VARIABLE LibTorch_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()

set(LibTorch_LIBRARIES "")
foreach(name IN ITEMS torch_cpu c10)
  find_library(LibTorch_${name} NAMES ${name} PATHS "${LibTorch_ROOT}/lib" NO_DEFAULT_PATH NO_CACHE)
  if(LibTorch_${name})
    list(APPEND LibTorch_LIBRARIES "${LibTorch_${name}}")
  endif()
endforeach()

if(EXISTS "${LibTorch_ROOT}/include/torch/headeronly/version.h")
  file(READ "${LibTorch_ROOT}/include/torch/headeronly/version.h" version_text)
elseif(EXISTS "${LibTorch_ROOT}/include/torch/csrc/api/include/torch/version.h")
  file(READ "${LibTorch_ROOT}/include/torch/csrc/api/include/torch/version.h" version_text)
endif()
if(version_text MATCHES "TORCH_VERSION_MAJOR ([0-9]+).*TORCH_VERSION_MINOR ([0-9]+).*TORCH_VERSION_PATCH ([0-9]+)")
  set(LibTorch_VERSION "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_torch_cpu LibTorch_c10
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup, or set ABLATE_LIBTORCH to a LibTorch >= 2.7")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_ROOT}/include" "${LibTorch_ROOT}/include/torch/csrc/api/include")
  target_link_libraries(LibTorch::LibTorch INTERFACE ${LibTorch_LIBRARIES})
  target_link_options(LibTorch::LibTorch INTERFACE "LINKER:--no-as-needed" "LINKER:-rpath,${LibTorch_ROOT}/lib")
endif()

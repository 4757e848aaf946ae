# ablate_library(NAME sources... LINKS targets...): one static library a folder.
function(ablate_library name)
  cmake_parse_arguments(arg "TORCH" "" "LINKS" ${ARGN})
  add_library(ablate_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  add_library(ablate::${name} ALIAS ablate_${name})
  set_target_properties(ablate_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(ablate_${name} PUBLIC ${arg_LINKS} PRIVATE ablate::warnings)
  target_include_directories(ablate_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/ablate>)
  if(arg_TORCH)
    set_target_properties(ablate_${name} PROPERTIES UNITY_BUILD ${ABLATE_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  endif()
  set_property(GLOBAL APPEND PROPERTY ABLATE_LIBRARIES ablate_${name})
endfunction()

# ablate_catalogue(TARGET ENTRY GETTER names...): one name = one file = one entry. Writes a catalogue.cpp that calls each
# file's function in the order of the list: no static initialisers, and a missing function is a link error that names it.
# A name with a folder ("average/ema") calls average_ema().
function(ablate_catalogue target entry getter folder_namespace header)
  foreach(name IN LISTS ARGN)
    target_sources(${target} PRIVATE ${name}.cpp)
    string(REPLACE "/" "_" function ${name})
    string(APPEND declarations "${entry} ${function}();\n")
    string(APPEND calls "${function}(), ")
  endforeach()
  file(CONFIGURE OUTPUT catalogue_list.cpp @ONLY CONTENT [[
#include "@header@"
namespace ablate::@folder_namespace@ {
@declarations@}
const std::vector<ablate::@entry@>& ablate::@getter@() {
  using namespace ablate::@folder_namespace@;
  static const std::vector<@entry@> all{@calls@};
  return all;
}
]])
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/catalogue_list.cpp)
endfunction()

# ablate_test(NAME sources... LINKS targets... [LABEL full]): a GoogleTest program; ctest runs each of its tests.
# ABLATE_TEST_ROOT names the source tree to tests that read it. Label `full` keeps it out of the short tier.
function(ablate_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "LINKS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL short)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} ablate::warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE ABLATE_TEST_ROOT="${PROJECT_SOURCE_DIR}" ABLATE_PROGRAM="${PROJECT_BINARY_DIR}/ablate")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

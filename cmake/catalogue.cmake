# Catalogues are lists in CMake: one name = one file = one entry. The generated code calls each file's function in the order
# of the list: no static initialisers, and a missing function is a link error that names it. A name with a folder
# ("average/ema") calls average_ema().

# Writes `output`, which defines `function`: the entries of `base` (another such function, or "") and then those named.
function(ablate_catalogue_source output function base entry namespace header)
  set(declarations "")
  set(calls "")
  foreach(name IN LISTS ARGN)
    string(REPLACE "/" "_" maker ${name})
    string(APPEND declarations "${entry} ${maker}();\n")
    string(APPEND calls "  all.push_back(${namespace}::${maker}());\n")
  endforeach()
  set(start "")
  set(base_declaration "")
  if(base)
    set(start " = ${base}()")
    set(base_declaration "const std::vector<${entry}>& ${base}();\n")
  endif()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
#include "@header@"

namespace ablate::@namespace@ {
@declarations@}

namespace ablate {
@base_declaration@
static std::vector<@entry@> make_@function@() {
  std::vector<@entry@> all@start@;
@calls@  return all;
}

const std::vector<@entry@>& @function@() {
  static const auto all = make_@function@();
  return all;
}
}  // namespace ablate
]])
endfunction()

# ablate_catalogue(TARGET ENTRY GETTER NAMESPACE HEADER names...): a folder's own list. The getter stands alone in its object
# file, so that a program with more entries (ablate_program below) can bring its own instead.
function(ablate_catalogue target entry getter namespace header)
  foreach(name IN LISTS ARGN)
    target_sources(${target} PRIVATE ${name}.cpp)
  endforeach()
  set(list "${CMAKE_CURRENT_BINARY_DIR}/catalogue_list.cpp")
  set(shown "${CMAKE_CURRENT_BINARY_DIR}/catalogue_getter.cpp")
  ablate_catalogue_source("${list}" builtin_${getter} "" ${entry} ${namespace} ${header} ${ARGN})
  ablate_catalogue_source("${shown}" ${getter} builtin_${getter} ${entry} ${namespace} ${header})
  target_sources(${target} PRIVATE "${list}" "${shown}")
  set_source_files_properties("${shown}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# ablate_program(NAME [INGREDIENTS names...] [BACKBONES names...] [DATA names...]): the whole program with entries of another
# project, each a file beside its CMakeLists.txt: `ablate_program(mine INGREDIENTS loss/focal)` compiles loss/focal.cpp, which
# defines ablate::ingredients::loss_focal(). For projects that use the installed package.
function(ablate_program program)
  cmake_parse_arguments(arg "" "" "INGREDIENTS;BACKBONES;DATA" ${ARGN})
  add_executable(${program} "${ABLATE_PROGRAM_SOURCES}/main.cpp" "${ABLATE_PROGRAM_SOURCES}/allocator.cpp")
  target_link_libraries(${program} PRIVATE ablate::cli)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${program}_catalogues")
  foreach(row IN ITEMS
      "INGREDIENTS;ingredient_catalogue;IngredientEntry;ingredients;ingredients/catalogue.h"
      "BACKBONES;backbone_catalogue;BackboneEntry;backbones;backbones/catalogue.h"
      "DATA;data_catalogue;DataEntry;data;harness/data/catalogue.h")
    list(GET row 0 kind)
    list(GET row 1 getter)
    list(SUBLIST row 2 3 rest)
    if(NOT arg_${kind})
      continue()
    endif()
    ablate_catalogue_source("${folder}/${getter}.cpp" ${getter} builtin_${getter} ${rest} ${arg_${kind}})
    target_sources(${program} PRIVATE "${folder}/${getter}.cpp")
    foreach(name IN LISTS arg_${kind})
      target_sources(${program} PRIVATE ${name}.cpp)
    endforeach()
  endforeach()
endfunction()

# Installs what was built, builds the example against the installed package, and trains with it.
#   cmake -D BUILD=<build folder> -D WORK=<scratch folder> -P check.cmake
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${status}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${WORK}/installed")
run("${WORK}/installed/bin/ablate" version)
run(${CMAKE_COMMAND} -S "${CMAKE_CURRENT_LIST_DIR}/example" -B "${WORK}/build" -G Ninja -DCMAKE_BUILD_TYPE=Release
  "-DCMAKE_PREFIX_PATH=${WORK}/installed")
run(${CMAKE_COMMAND} --build "${WORK}/build")
run("${WORK}/build/example" describe loss.confidence_penalty)
if(NOT output MATCHES "Pereyra")
  message(FATAL_ERROR "the example does not know its own ingredient:\n${output}")
endif()
run("${WORK}/build/example" run "${CMAKE_CURRENT_LIST_DIR}/example/sweep.json" --store "${WORK}/store")
run("${WORK}/build/example" table --store "${WORK}/store")
message(STATUS "${output}")

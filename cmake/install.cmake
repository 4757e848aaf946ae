# The installed package: find_package(ablate) gives the libraries, their headers and ablate_program (catalogue.cmake).
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY ABLATE_LIBRARIES)
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/ablate")
install(TARGETS ${libraries} EXPORT ablate ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ablate NAMESPACE ablate:: FILE ablateTargets.cmake DESTINATION ${package})
install(DIRECTORY harness ingredients backbones results DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ablate
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY sweeps DESTINATION ${CMAKE_INSTALL_DATADIR}/ablate)
install(FILES harness/cli/main.cpp harness/cli/allocator.cpp DESTINATION ${CMAKE_INSTALL_DATADIR}/ablate/program)
if(TARGET ablate)
  set_target_properties(ablate PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ablate)
endif()

set(ABLATE_PROGRAM_SOURCES "${CMAKE_INSTALL_DATADIR}/ablate/program")
configure_package_config_file(cmake/ablateConfig.cmake.in "${PROJECT_BINARY_DIR}/ablateConfig.cmake"
  INSTALL_DESTINATION ${package} PATH_VARS ABLATE_PROGRAM_SOURCES)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ablateConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/ablateConfig.cmake" "${PROJECT_BINARY_DIR}/ablateConfigVersion.cmake"
  cmake/FindLibTorch.cmake cmake/catalogue.cmake cmake/dependencies.cmake DESTINATION ${package})

# banchu_room(name PUBLIC ... PRIVATE ...): the static library banchu_<name> of every source below src/<name>.
function(banchu_room name)
  cmake_parse_arguments(room "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    add_library(banchu_${name} INTERFACE)
    target_include_directories(banchu_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(banchu_${name} INTERFACE ${room_PUBLIC} ${room_PRIVATE})
    return()
  endif()
  add_library(banchu_${name} STATIC ${sources})
  target_include_directories(banchu_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(banchu_${name} PUBLIC ${room_PUBLIC} PRIVATE ${room_PRIVATE} banchu_options)
endfunction()

# banchu_test(name FILES ... LINK ... LABELS ... [TIMEOUT s]): one GoogleTest program, each of its tests a ctest test.
function(banchu_test name)
  cmake_parse_arguments(test "" "TIMEOUT" "FILES;LINK;LABELS" ${ARGN})
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 600)
  endif()
  add_executable(${name} ${test_FILES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${test_LINK} banchu_options GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE BANCHU_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  include(GoogleTest)
  # gtest_discover_tests cannot carry a list inside its properties, so a test has one label: "unit-chat", which both
  # `ctest -L unit` and `ctest -L chat` find.
  list(JOIN test_LABELS "-" label)
  set(serial FALSE)
  if(label MATCHES "night|fault")
    set(serial TRUE) # they use every core themselves, or watch the clock of another process
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
                       PROPERTIES LABELS "${label}" TIMEOUT ${test_TIMEOUT} RUN_SERIAL ${serial}
                                  ENVIRONMENT GOMP_SPINCOUNT=2000  # docs/decisions/waiting.md
                                  ENVIRONMENT_MODIFICATION BANCHU_TROUBLES=set:off)
endfunction()

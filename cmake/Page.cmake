# banchu_page(target): the web page, built by node from page/, as one source of `target`.
# Without node, or before `npm ci` in page/, the program is built all the same, and says how the page is.
function(banchu_page target)
  find_program(BANCHU_NODE node)
  file(GLOB installed CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/page/node_modules/.package-lock.json)
  if(NOT BANCHU_NODE OR NOT installed)
    set(source ${CMAKE_BINARY_DIR}/page/no_page_files.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT
         "#include \"serve/page_files.h\"\nstd::vector<banchu::PageFile> banchu::page_files() { return {}; }\n")
    message(STATUS "the web page is not built: it needs node, and `npm ci --ignore-scripts` in page/")
  else()
    set(source ${CMAKE_BINARY_DIR}/page/page_files.cpp)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/page/src/*)
    add_custom_command(
      OUTPUT ${source}
      COMMAND ${BANCHU_NODE} ${CMAKE_SOURCE_DIR}/page/tools/build.mjs ${CMAKE_BINARY_DIR}/page
      DEPENDS ${files} ${installed} ${CMAKE_SOURCE_DIR}/page/tools/build.mjs
      COMMENT "Building the web page" VERBATIM)
  endif()
  target_sources(${target} PRIVATE ${source})
endfunction()

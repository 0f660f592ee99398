# banchu_embed(target folder): every file of `folder` becomes a string in the program.
# src/<room>/suite/en.yaml is then `const std::string_view` banchu::embedded::suite_en_yaml, declared in the
# generated header "embedded/suite.h".
function(banchu_embed target folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
  if(NOT files)
    return()
  endif()
  get_filename_component(set ${folder} NAME)
  set(header "#pragma once\n#include <string_view>\nnamespace banchu::embedded {\n")
  set(source "#include \"embedded/${set}.h\"\nnamespace banchu::embedded {\n")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(base ${file} NAME)
    string(MAKE_C_IDENTIFIER "${set}_${base}" symbol)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND header "extern const std::string_view ${symbol};\n")
    string(APPEND source "static const unsigned char ${symbol}_bytes[] = {${bytes}0};\n"
                         "const std::string_view ${symbol}(reinterpret_cast<const char*>(${symbol}_bytes), "
                         "sizeof(${symbol}_bytes) - 1);\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/embedded/${set}.h CONTENT "${header}}\n" @ONLY)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/embedded/${set}.cpp CONTENT "${source}}\n" @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated/embedded/${set}.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()

// The built page: files of the folder page/, made part of the program by page/tools/build.mjs.
#pragma once

#include <string_view>
#include <vector>

namespace banchu {

struct PageFile {
  std::string_view path;    // "/" for the page itself; any other path holds the content's digest
  std::string_view type;    // its media type
  std::string_view digest;  // of the content
  std::string_view plain, zipped;
};

// Empty when the program was built without node (cmake/Page.cmake).
std::vector<PageFile> page_files();

}  // namespace banchu

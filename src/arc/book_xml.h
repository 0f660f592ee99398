// XML read into a tree (pugixml), and a walk through it that needs no stack, however deep the tree is.
//
// pugixml reads no external entity and expands none, so a document cannot make the program fetch or grow.
#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

// Errors: InvalidArgument, naming `what` and the byte.
Result<std::unique_ptr<pugi::xml_document>> parse_xml(std::string_view bytes, const std::string& what);

// "w:p" -> "p".
std::string_view local_name(const pugi::xml_node& node);
pugi::xml_attribute local_attribute(const pugi::xml_node& node, std::string_view name);

// Calls enter(node) on the way down (false: do not go into it) and leave(node) on the way up, in document order.
template <typename Enter, typename Leave>
void walk_xml(const pugi::xml_node& root, Enter enter, Leave leave) {
  pugi::xml_node node = root.first_child();
  while (node) {
    const bool goes_in = enter(node);
    if (goes_in && node.first_child()) {
      node = node.first_child();
      continue;
    }
    leave(node);
    while (node && node != root && !node.next_sibling()) {
      node = node.parent();
      if (node && node != root) leave(node);
    }
    if (!node || node == root) return;
    node = node.next_sibling();
  }
}

}  // namespace banchu

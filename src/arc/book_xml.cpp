#include "arc/book_xml.h"

#include <fmt/format.h>

namespace banchu {

Result<std::unique_ptr<pugi::xml_document>> parse_xml(std::string_view bytes, const std::string& what) {
  auto document = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed =
      document->load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (parsed) return document;
  return make_error(Code::InvalidArgument,
                    fmt::format("{} is broken XML at byte {}: {}", what, parsed.offset, parsed.description()),
                    "open the book in the program that wrote it and save it again");
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_attribute local_attribute(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view full = attribute.name();
    const std::size_t colon = full.find(':');
    if ((colon == std::string_view::npos ? full : full.substr(colon + 1)) == name) return attribute;
  }
  return {};
}

}  // namespace banchu

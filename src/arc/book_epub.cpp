// EPUB 2 and 3: container.xml names the package, the package's spine names the documents in reading order.
// (EPUB 3.3, W3C Recommendation 2023, sections 4.2.6 and 5.)
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "arc/book_archive.h"
#include "arc/book_block.h"
#include "arc/book_xml.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 10> kBlockNames = {"p",  "div", "li", "blockquote", "section",
                                                          "td", "dd",  "dt", "body",       "article"};
constexpr std::array<std::string_view, 9> kSilentNames = {"head", "script", "style", "svg",     "math",
                                                          "nav",  "rt",     "rp",    "template"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kEntities = {{{"&nbsp;", " "},
                                                                                      {"&mdash;", "—"},
                                                                                      {"&ndash;", "–"},
                                                                                      {"&hellip;", "…"},
                                                                                      {"&lsquo;", "‘"},
                                                                                      {"&rsquo;", "’"},
                                                                                      {"&ldquo;", "“"},
                                                                                      {"&rdquo;", "”"},
                                                                                      {"&laquo;", "«"},
                                                                                      {"&raquo;", "»"},
                                                                                      {"&eacute;", "é"},
                                                                                      {"&middot;", "·"},
                                                                                      {"&shy;", ""},
                                                                                      {"&copy;", "©"}}};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

int heading_level(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' ? name[1] - '0' : 0;
}

void append_decoded(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t sign = std::min(text.find('&'), text.size());
    out += text.substr(0, sign);
    text.remove_prefix(sign);
    const auto known =
        std::ranges::find_if(kEntities, [&](const auto& entity) { return text.starts_with(entity.first); });
    if (known != kEntities.end()) {
      out += known->second;
      text.remove_prefix(known->first.size());
    } else if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
}

// One XHTML document to blocks.
class PageReader {
 public:
  explicit PageReader(std::vector<BookBlock>& blocks) : blocks_(blocks) {}

  void read(const pugi::xml_node& document) {
    walk_xml(
        document, [this](const pugi::xml_node& node) { return enter(node); },
        [this](const pugi::xml_node& node) { leave(node); });
    flush(BookBlock::Kind::paragraph, 0);
  }

 private:
  bool enter(const pugi::xml_node& node) {
    if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
      append_decoded(text_, node.value());
      return false;
    }
    const std::string_view name = local_name(node);
    if (is_one_of(name, kSilentNames)) return false;
    if (name == "br") text_ += ' ';
    if (is_one_of(name, kBlockNames) || heading_level(name) > 0 || name == "hr") flush(BookBlock::Kind::paragraph, 0);
    if (name == "hr") blocks_.push_back({BookBlock::Kind::scene_break, "", 0});
    return true;
  }

  void leave(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (const int level = heading_level(name); level > 0) return flush(BookBlock::Kind::heading, level);
    if (is_one_of(name, kBlockNames)) flush(BookBlock::Kind::paragraph, 0);
  }

  void flush(BookBlock::Kind kind, int level) {
    std::string text = clean_line(text_);
    text_.clear();
    if (text.empty()) return;
    if (kind == BookBlock::Kind::paragraph && is_scene_break(text)) {
      kind = BookBlock::Kind::scene_break;
    } else if (kind == BookBlock::Kind::paragraph && is_chapter_line(text, true)) {
      kind = BookBlock::Kind::heading;
      level = 1;
    }
    blocks_.push_back({kind, std::move(text), level});
  }

  std::vector<BookBlock>& blocks_;
  std::string text_;
};

struct Package {
  std::string title;
  std::vector<std::string> documents;  // members, in reading order
};

Result<std::string> package_path(const BookArchive& archive, const std::string& name) {
  BANCHU_TRY(const std::string bytes, archive.read("META-INF/container.xml"));
  BANCHU_TRY(const auto document, parse_xml(bytes, name + ": container.xml"));
  const pugi::xml_node file = document->find_node(
      [](const pugi::xml_node& node) { return local_name(node) == "rootfile" && local_attribute(node, "full-path"); });
  if (!file)
    return make_error(Code::InvalidArgument, fmt::format("{}: container.xml names no package", name),
                      "open the book in the program that wrote it and save it again");
  return member_path("", local_attribute(file, "full-path").value());
}

Result<Package> read_package(const BookArchive& archive, const std::string& name) {
  BANCHU_TRY(const std::string path, package_path(archive, name));
  BANCHU_TRY(const std::string bytes, archive.read(path));
  BANCHU_TRY(const auto document, parse_xml(bytes, name + ": " + path));
  Package package;
  std::map<std::string, std::string> items;
  std::vector<std::string> spine;
  walk_xml(
      *document,
      [&](const pugi::xml_node& node) {
        const std::string_view tag = local_name(node);
        if (tag == "title" && package.title.empty()) package.title = clean_line(node.child_value());
        if (tag == "item") items[node.attribute("id").value()] = node.attribute("href").value();
        if (tag == "itemref") spine.emplace_back(node.attribute("idref").value());
        return true;
      },
      [](const pugi::xml_node&) {});
  for (const std::string& id : spine) {
    const auto item = items.find(id);
    if (item == items.end()) continue;
    BANCHU_TRY(std::string member, member_path(path, item->second));
    package.documents.push_back(std::move(member));
  }
  return package;
}

// Fonts may be scrambled in a book that is free to read; text may not.
Status check_protection(const BookArchive& archive, const Package& package, const std::string& name) {
  if (!archive.has("META-INF/encryption.xml")) return {};
  BANCHU_TRY(const std::string bytes, archive.read("META-INF/encryption.xml"));
  for (const std::string& member : package.documents) {
    if (bytes.find("\"" + member + "\"") != std::string::npos)
      return make_error(Code::Unsupported, fmt::format("{} is protected (DRM)", name),
                        "use the file that you wrote the book in");
  }
  return {};
}

}  // namespace

Result<BookBlocks> read_epub(std::string_view bytes, const std::string& name) {
  BANCHU_TRY(const BookArchive archive, BookArchive::open(bytes, name));
  BANCHU_TRY(const Package package, read_package(archive, name));
  BANCHU_TRY_STATUS(check_protection(archive, package, name));
  BookBlocks read;
  read.title = package.title;
  for (const std::string& member : package.documents) {
    BANCHU_TRY(const std::string page, archive.read(member));
    BANCHU_TRY(const auto document, parse_xml(page, name + ": " + member));
    std::vector<BookBlock> blocks;
    PageReader(blocks).read(*document);
    // A document of its own without a heading is still a chapter of its own.
    const bool has_heading =
        std::ranges::any_of(blocks, [](const BookBlock& block) { return block.kind == BookBlock::Kind::heading; });
    if (!has_heading && !blocks.empty()) read.blocks.push_back({BookBlock::Kind::heading, "", 1});
    std::ranges::move(blocks, std::back_inserter(read.blocks));
  }
  return read;
}

}  // namespace banchu

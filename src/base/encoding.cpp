#include "base/encoding.h"

#include <fmt/format.h>
#include <iconv.h>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kBrokenShare = 1000;  // a text with fewer than one bad byte in so many is UTF-8 with a scratch

// The whole of `bytes`, or nothing when a byte does not belong to `encoding`.
std::string convert(std::string_view bytes, const char* encoding, bool& is_whole) {
  is_whole = false;
  const iconv_t converter = iconv_open("UTF-8", encoding);
  if (converter == reinterpret_cast<iconv_t>(-1)) return "";
  std::string out(bytes.size() * 3 / 2 + 16, '\0');
  char* in = const_cast<char*>(bytes.data());
  std::size_t in_left = bytes.size();
  std::size_t used = 0;
  while (in_left > 0) {
    char* to = out.data() + used;
    std::size_t room = out.size() - used;
    const std::size_t converted = iconv(converter, &in, &in_left, &to, &room);
    used = out.size() - room;
    if (converted != static_cast<std::size_t>(-1)) continue;
    if (errno != E2BIG) break;
    out.resize(out.size() * 2);
  }
  iconv_close(converter);
  is_whole = in_left == 0;
  out.resize(used);
  return out;
}

// Each byte that belongs to no character becomes U+FFFD; `broken` counts them.
std::string repaired(std::string_view bytes, std::size_t& broken) {
  std::string out;
  out.reserve(bytes.size());
  broken = 0;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    const std::string_view character = bytes.substr(at, length);
    if (lead < 0x80 || (character.size() == length && is_valid_utf8(character))) {
      out += character;
      at += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++broken;
      ++at;
    }
  }
  return out;
}

Result<std::string> decode_marked(std::string_view bytes, const char* encoding, const std::string& name,
                                  std::vector<std::string>& notes) {
  bool is_whole = false;
  std::string text = convert(bytes, encoding, is_whole);
  if (!is_whole)
    return make_error(Code::InvalidArgument, fmt::format("{} says that it is {}, but is not", name, encoding),
                      "save it as UTF-8 and try again");
  notes.push_back(fmt::format("read as {}", encoding));
  return text;
}

Result<std::string> decode_unmarked(std::string_view bytes, const std::string& name, std::vector<std::string>& notes) {
  std::size_t broken = 0;
  std::string text = repaired(bytes, broken);
  if (broken * kBrokenShare < bytes.size()) {
    notes.push_back(fmt::format("{} damaged bytes stand as U+FFFD", broken));
    return text;
  }
  const std::optional<std::string> korean = from_cp949(bytes);
  if (!korean)
    return make_error(Code::InvalidArgument, fmt::format("{} is neither UTF-8 nor CP949 text", name),
                      "save it as UTF-8 and try again");
  notes.emplace_back("read as CP949");
  return *korean;
}

}  // namespace

Result<std::string> decode_text(std::string_view bytes, const std::string& name, std::vector<std::string>& notes) {
  if (bytes.starts_with("\xFF\xFE")) return decode_marked(bytes.substr(2), "UTF-16LE", name, notes);
  if (bytes.starts_with("\xFE\xFF")) return decode_marked(bytes.substr(2), "UTF-16BE", name, notes);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.find('\0') != std::string_view::npos)
    return make_error(Code::Unsupported, fmt::format("{} is not a text (it holds zero bytes)", name),
                      "save it as UTF-8 and try again");
  if (is_valid_utf8(bytes)) return std::string(bytes);
  return decode_unmarked(bytes, name, notes);
}

std::optional<std::string> from_cp949(std::string_view bytes) {
  bool is_whole = false;
  std::string text = convert(bytes, "CP949", is_whole);
  if (!is_whole) return std::nullopt;
  return text;
}

}  // namespace banchu

#include "tests/app/source_strings.h"

#include <cctype>
#include <regex>

#include "base/text.h"

namespace banchu::test {
namespace {

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Past the literal that begins at `at`; its text, unescaped as far as it matters here.
std::string read_literal(std::string_view source, std::size_t& at) {
  std::string text;
  if (source.substr(at).starts_with("R\"(")) {
    const std::size_t end = source.find(")\"", at);
    text = source.substr(at + 3, end - at - 3);
    at = end + 2;
    return text;
  }
  for (++at; at < source.size() && source[at] != '"'; ++at) {
    if (source[at] != '\\') {
      text += source[at];
      continue;
    }
    ++at;
    text += source[at] == 'n' ? '\n' : source[at];
  }
  ++at;
  return text;
}

bool is_white(std::string_view text) { return trim(text).empty(); }

std::vector<std::string> literals_from(std::string_view source, std::size_t at) {
  std::vector<std::string> literals;
  std::size_t last_end = std::string_view::npos;
  for (int depth = 1; at < source.size() && depth > 0;) {
    const char c = source[at];
    if (c == '"' || source.substr(at).starts_with("R\"(")) {
      const bool joined = last_end != std::string_view::npos && is_white(source.substr(last_end, at - last_end));
      const std::string text = read_literal(source, at);
      joined ? void(literals.back() += text) : literals.push_back(text);
      last_end = at;
      continue;
    }
    if (c == '\'') at = source.find('\'', at + (source[at + 1] == '\\' ? 3 : 2));
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    ++at;
  }
  return literals;
}

}  // namespace

std::vector<SourceCall> calls_in(std::string_view source, const std::vector<std::string>& names) {
  static const std::regex comment(R"re((^|\n)\s*//[^\n]*)re");
  const std::string text = std::regex_replace(std::string(source), comment, "\n");
  std::vector<SourceCall> calls;
  for (const std::string& name : names) {
    for (std::size_t at = text.find(name + "("); at != std::string::npos; at = text.find(name + "(", at + 1)) {
      if (at > 0 && in_name(text[at - 1])) continue;
      calls.push_back({name, literals_from(text, at + name.size() + 1)});
    }
  }
  return calls;
}

std::string without_formats(std::string_view text) {
  static const std::regex hole(R"(\{[^{}]*\})");
  return std::regex_replace(std::string(text), hole, "{}");
}

bool has_hangul(std::string_view text) {
  for (const char32_t c : code_points(text)) {
    if (is_hangul(c)) return true;
  }
  return false;
}

bool has_letters(std::string_view text) {
  static const std::regex letters("[A-Za-z]{2}");
  return std::regex_search(std::string(text), letters);
}

}  // namespace banchu::test

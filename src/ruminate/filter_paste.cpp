// What was not said but pasted: logs, tracebacks, code, markup, and the control words of chat templates.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "ruminate/filter.h"

namespace banchu {
namespace {

constexpr std::size_t kLogLines = 3;
constexpr double kMarkupShare = 0.15;  // of the characters

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_latin(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "2026-03-03 07:41:12 ...", "[07:41:12] ...", "Mar  3 07:41:12 host ...": a clock with seconds near the beginning.
bool starts_with_a_clock(std::string_view line) {
  const std::string_view head = line.substr(0, 28);
  for (std::size_t i = 0; i + 8 <= head.size(); ++i) {
    const auto digit = [&](std::size_t k) { return is_digit(head[i + k]); };
    if (digit(0) && digit(1) && head[i + 2] == ':' && digit(3) && digit(4) && head[i + 5] == ':' && digit(6) &&
        digit(7))
      return true;
  }
  return false;
}

bool is_stack_line(std::string_view line) {
  const std::string bare = trim(line);
  const std::string_view text = bare;
  if (text.starts_with("File \"") && contains(text, "line ")) return true;
  if (text.starts_with("at ") && contains(text, "(") && text.ends_with(")")) return true;
  return text.starts_with("#0 ") || text.starts_with("goroutine ");
}

bool is_code_line(std::string_view line) {
  const std::string bare = trim(line);
  const std::string_view text = bare;
  if (text.empty()) return false;
  if (text.ends_with(";") || text.ends_with("{") || text == "}" || text == "};") return true;
  return text.starts_with("def ") || text.starts_with("#include") || text.starts_with("import ") ||
         text.starts_with("return ") || text.starts_with("SELECT ") || text.starts_with("$ ");
}

// The name of a tag at `at` ("<div", "</p"), or "" when that is no tag; "<3" and "a < b" are none.
std::string_view tag_at(std::string_view text, std::size_t at) {
  std::size_t begin = at + 1;
  if (begin < text.size() && text[begin] == '/') ++begin;
  std::size_t end = begin;
  while (end < text.size() && (is_latin(text[end]) || is_digit(text[end]))) ++end;
  if (end == begin || !is_latin(text[begin]) || end >= text.size()) return "";
  const bool closes =
      text[end] == '>' || (text[end] == ' ' && contains(text.substr(end, 200), ">")) || text.substr(end, 2) == "/>";
  return closes ? text.substr(begin, end - begin) : "";
}

std::size_t count_tags(std::string_view text) {
  std::size_t tags = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<' && !tag_at(text, i).empty()) ++tags;
  }
  return tags;
}

double share_of(std::string_view text, std::string_view characters) {
  const auto counted = std::count_if(text.begin(), text.end(), [&](char c) { return contains(characters, {&c, 1}); });
  return text.empty() ? 0 : static_cast<double>(counted) / static_cast<double>(text.size());
}

// "<|im_end|>", "<|eot_id|>": a bar-bracketed word without spaces.
std::string_view barred_word(std::string_view text) {
  for (std::size_t at = text.find("<|"); at != std::string_view::npos; at = text.find("<|", at + 2)) {
    const std::size_t end = text.find("|>", at + 2);
    if (end == std::string_view::npos) return "";
    const std::string_view word = text.substr(at + 2, end - at - 2);
    const bool named = !word.empty() && word.size() < 40 && std::all_of(word.begin(), word.end(), [](char c) {
      return is_latin(c) || is_digit(c) || c == '_';
    });
    if (named) return text.substr(at, end + 2 - at);
  }
  return "";
}

constexpr std::array<std::string_view, 16> kTemplateWords = {
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<start_of_turn>", "<end_of_turn>",    "<s>",           "</s>",
    "<bos>",  "<eos>",   "[gMASK]", "<pad>",    "<unk>",           "### Instruction:", "### Response:", "<think>"};

}  // namespace

std::optional<Finding> find_template_tokens(std::string_view text, const std::string& who) {
  std::string_view word = barred_word(text);
  for (const std::string_view known : kTemplateWords) {
    if (word.empty() && contains(text, known)) word = known;
  }
  if (word.empty()) return std::nullopt;
  return Finding{Reason::template_tokens, fmt::format("{} holds the template's control word {}", who, word)};
}

std::optional<Finding> find_paste(std::string_view text, const std::string& who) {
  if (contains(text, "Traceback (most recent call last)")) {
    return Finding{Reason::pasted, fmt::format("{} holds a pasted traceback", who)};
  }
  const std::vector<std::string_view> lines = lines_of(text);
  const auto clocks = static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), starts_with_a_clock));
  const auto stack = static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), is_stack_line));
  if (clocks < kLogLines && stack < kLogLines) return std::nullopt;
  return Finding{Reason::pasted, fmt::format("{} holds {} lines of a pasted log", who, std::max(clocks, stack))};
}

std::optional<Finding> find_markup(std::string_view text, const std::string& who) {
  if (contains(text, "```")) return Finding{Reason::markup, fmt::format("{} holds a block of code", who)};
  if (count_tags(text) >= 2) return Finding{Reason::markup, fmt::format("{} holds tags of a page", who)};
  const std::vector<std::string_view> lines = lines_of(text);
  const auto code = static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), is_code_line));
  if (code >= kLogLines && code * 2 >= lines.size()) {
    return Finding{Reason::markup, fmt::format("{} holds {} lines of code", who, code)};
  }
  if (contains(text, "\":") && share_of(text, "{}[]\":,") >= kMarkupShare && share_of(text, "{}") > 0) {
    return Finding{Reason::markup, fmt::format("{} holds raw data, not talk", who)};
  }
  return std::nullopt;
}

}  // namespace banchu

#include "arc/sentences.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kWrappedLineBytes = 45;
constexpr std::array<std::string_view, 14> kAbbreviations = {"mr", "mrs", "ms", "dr",  "st", "prof", "capt",
                                                             "no", "vs",  "mt", "col", "jr", "sr",   "gen"};

bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_ascii_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_ascii_letter(char c) { return is_ascii_upper(c) || is_ascii_lower(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// Bytes of the well-formed character at `at`, or 0 (RFC 3629: no overlong forms, no surrogates).
std::size_t character_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : static_cast<unsigned char>(0);
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool outside = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return tail(1) && tail(2) && tail(3) && !outside ? 4 : 0;
  }
  return 0;
}

// Bytes of a mark that ends a sentence at `at`, or 0.
std::size_t ender_bytes(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '.' || c == '!' || c == '?') return 1;
  if (static_cast<unsigned char>(c) < 0xE2) return 0;  // nearly every byte ends here
  for (const std::string_view mark : {"…", "。", "！", "？"}) {
    if (text.substr(at, mark.size()) == mark) return mark.size();
  }
  return 0;
}

std::size_t closer_bytes(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '"' || c == '\'' || c == ')' || c == ']') return 1;
  if (static_cast<unsigned char>(c) < 0xE2) return 0;
  for (const std::string_view mark : {"”", "’", "」", "』", "》", "〉"}) {
    if (text.substr(at, mark.size()) == mark) return mark.size();
  }
  return 0;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text), caseless_(is_caseless(text)) {}

  std::vector<std::string> run() {
    while (at_ < text_.size()) step();
    cut(text_.size());
    return std::move(sentences_);
  }

 private:
  static bool is_caseless(std::string_view text) {
    bool bracket = false;  // "[MALE]", as some corpora hide names
    for (const char c : text) {
      if (c == '[' || c == ']') bracket = c == '[';
      if (is_ascii_upper(c) && !bracket) return false;
    }
    return true;
  }

  void step() {
    if (text_[at_] == '\n') return line_break();
    if (const std::size_t mark = ender_bytes(text_, at_)) return end_mark(mark);
    if (text_[at_] == ' ') last_space_ = at_;
    ++at_;
    if (at_ - begin_ >= kLongestSentenceBytes) too_long();
  }

  void line_break() {
    const std::size_t line = at_ - line_begin_;
    std::size_t next = at_ + 1;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t')) ++next;
    const bool empty_line = next < text_.size() && text_[next] == '\n';
    if (empty_line || line < kWrappedLineBytes) cut(at_);
    line_begin_ = at_ = at_ + 1;
  }

  // All marks and closers in a row ("?!", "..." and quotes), then the question whether this is an end.
  void end_mark(std::size_t mark) {
    const std::size_t first = at_;
    bool closed = false;
    at_ += mark;
    while (at_ < text_.size()) {
      const std::size_t more = ender_bytes(text_, at_);
      const std::size_t closer = more == 0 ? closer_bytes(text_, at_) : 0;
      if (more + closer == 0) break;
      closed |= closer > 0;
      at_ += more + closer;
    }
    // Written with spaces between all tokens: a closing quote may stand apart.
    if (at_ + 1 < text_.size() && text_[at_] == ' ' && text_[first] != '.' && text_[at_ + 1] == '"' && !closed) return;
    if (ends_here(first, closed)) cut(at_);
  }

  bool ends_here(std::size_t mark, bool closed) const {
    if (at_ >= text_.size()) return true;
    if (!is_blank(text_[at_])) return static_cast<unsigned char>(text_[mark]) >= 0x80 && text_[mark] != '\xE2';
    std::size_t next = at_;
    while (next < text_.size() && is_blank(text_[next])) ++next;
    if (next >= text_.size()) return true;
    const bool spaced = mark > 0 && text_[mark - 1] == ' ';
    if (text_[mark] == '.' && !spaced && !closed && holds_dot(mark)) return false;
    return !is_ascii_lower(text_[next]) || caseless_ || (spaced && !closed);
  }

  // "Mr." and the initial in "J. Smith".
  bool holds_dot(std::size_t dot) const {
    std::size_t begin = dot;
    while (begin > begin_ && is_ascii_letter(text_[begin - 1])) --begin;
    std::string word(text_.substr(begin, dot - begin));
    if (word.size() == 1 && is_ascii_upper(word[0]) && word[0] != 'I') return true;
    for (char& c : word) c = is_ascii_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
  }

  void too_long() {
    const std::size_t end = last_space_ > begin_ ? last_space_ : boundary_before(at_);
    cut(end);
  }

  std::size_t boundary_before(std::size_t at) const {
    while (at < text_.size() && at > begin_ + 1 && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) --at;
    return at;
  }

  void cut(std::size_t end) {
    std::string sentence = trim(text_.substr(begin_, end - begin_));
    std::replace(sentence.begin(), sentence.end(), '\n', ' ');
    if (!sentence.empty()) sentences_.push_back(std::move(sentence));
    begin_ = end;
  }

  std::string_view text_;
  bool caseless_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t last_space_ = 0;
  std::vector<std::string> sentences_;
};

}  // namespace

std::string clean_text(std::string_view text, std::size_t& broken) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string clean;
  clean.reserve(text.size());
  bool ascii = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = character_bytes(text, at);
    const char c = text[at];
    ascii &= bytes == 1;
    if (bytes == 0) {
      clean += kReplacement;
      ++broken;
    } else if (bytes > 1) {
      clean.append(text, at, bytes);
    } else if (c == '\r') {
      if (at + 1 >= text.size() || text[at + 1] != '\n') clean += '\n';
    } else {
      clean += (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? ' ' : c;
    }
    at += bytes == 0 ? 1 : bytes;
  }
  return ascii ? clean : nfc(clean);
}

std::vector<std::string> sentences_of(std::string_view text) { return Splitter(text).run(); }

}  // namespace banchu

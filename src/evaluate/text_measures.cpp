#include "evaluate/text_measures.h"

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kGram = 4;
constexpr std::size_t kFewestRepeats = 4;
constexpr int kLongestRun = 16;

// " word word word ": whole words can be found with find(). A typographic apostrophe counts as a plain one.
std::string spaced_words(std::string_view text) {
  static constexpr std::string_view kTypographic = "\xE2\x80\x99";
  std::string plain;
  std::size_t from = 0;
  for (std::size_t at = text.find(kTypographic); at != text.npos; at = text.find(kTypographic, from)) {
    plain.append(text.substr(from, at - from)).push_back('\'');
    from = at + kTypographic.size();
  }
  plain.append(text.substr(from));
  std::string spaced(1, ' ');
  for (const std::string& word : words(plain)) spaced.append(word).push_back(' ');
  return spaced;
}

bool ends_in_hangul(std::string_view text) {
  const std::vector<char32_t> points = code_points(text);
  return !points.empty() && is_hangul(points.back());
}

std::string spaced_phrase(std::string_view phrase) {
  std::string spaced = spaced_words(phrase);
  const std::string_view inner = std::string_view(spaced).substr(0, spaced.size() - 1);
  if (ends_in_hangul(inner)) spaced.pop_back();
  return spaced;
}

bool has_phrase(const std::string& spaced_text, const std::string& spaced_phrase) {
  return spaced_phrase.size() > 1 && spaced_text.find(spaced_phrase) != std::string::npos;
}

bool has_long_run(std::string_view text) {
  int run = 0;
  char32_t last = 0;
  for (const char32_t c : code_points(text)) {
    run = c == last ? run + 1 : 1;
    last = c;
    if (run >= kLongestRun && c != U' ' && c != U'\n') return true;
  }
  return false;
}

}  // namespace

Marks::Marks(const std::vector<std::string>& phrases) : phrases_(phrases) {
  for (const std::string& phrase : phrases) spaced_.push_back(spaced_phrase(phrase));
}

std::string Marks::first_in(std::string_view text) const {
  const std::string spaced = spaced_words(text);
  for (std::size_t i = 0; i < spaced_.size(); ++i) {
    if (has_phrase(spaced, spaced_[i])) return phrases_[i];
  }
  return "";
}

bool shows(const Behaviour& behaviour, std::string_view reply, bool cut) {
  const std::string expected = fold(behaviour.expected);
  if (expected.empty()) return false;
  switch (behaviour.kind) {
    case BehaviourKind::opens_with:
      return fold(reply).starts_with(expected);
    case BehaviourKind::closes_with:
      return !cut && fold(reply).ends_with(expected);
    case BehaviourKind::answers:
      return Marks({behaviour.expected}).in(reply);
    case BehaviourKind::none:
    case BehaviourKind::as_masked:
      return false;
  }
  return false;
}

bool loops(std::string_view reply) {
  if (has_long_run(reply)) return true;
  const std::vector<std::string> said = words(reply);
  if (said.size() < kGram) return false;
  std::set<std::string> seen;
  std::size_t repeats = 0;
  const std::size_t grams = said.size() - kGram + 1;
  for (std::size_t i = 0; i < grams; ++i) {
    std::string gram;
    for (std::size_t j = 0; j < kGram; ++j) gram.append(said[i + j]).push_back(' ');
    if (!seen.insert(std::move(gram)).second) ++repeats;
  }
  return repeats >= kFewestRepeats && 3 * repeats > grams;
}

TaughtReplies::TaughtReplies(const std::vector<std::string>& replies) {
  for (const std::string& reply : replies) replies_.insert(spaced_words(reply));
}

bool TaughtReplies::contains(std::string_view reply) const {
  const std::string spaced = spaced_words(reply);
  return spaced.size() > 1 && replies_.contains(spaced);
}

}  // namespace banchu

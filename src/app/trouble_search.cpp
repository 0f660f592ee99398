// The full-text search of trouble.h: a table of SQLite's FTS5 in memory, made for one question.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/trouble.h"
#include "bag/database.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kMostFound = 3;
constexpr double kWorthTelling = 0.5;  // BM25; words that stand everywhere score next to nothing
constexpr double kShareOfBest = 0.5;   // what fits less than half as well is left out

// The characters of `word`, each as its bytes.
std::vector<std::string> characters_of(const std::string& word) {
  std::vector<std::string> characters;
  for (const char byte : word) {
    const bool begins = (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    if (begins || characters.empty()) characters.emplace_back();
    characters.back() += byte;
  }
  return characters;
}

bool is_syllable(const std::string& character) { return is_hangul(code_points(character).front()); }

// Korean ends its words by what they do in the sentence; pairs of syllables find the noun under every ending. What
// stands between two runs of Hangul is a word of its own ("PNG" in "PNG에").
void add_tokens(const std::string& word, std::vector<std::string>& tokens) {
  const std::vector<std::string> letters = characters_of(word);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool has_left = i > 0 && is_syllable(letters[i - 1]) == is_syllable(letters[i]);
    const bool has_right = i + 1 < letters.size() && is_syllable(letters[i + 1]) == is_syllable(letters[i]);
    if (!is_syllable(letters[i])) {
      has_left ? void(tokens.back() += letters[i]) : tokens.push_back(letters[i]);
    } else if (has_right) {
      tokens.push_back(letters[i] + letters[i + 1]);
    } else if (!has_left) {
      tokens.push_back(letters[i]);
    }
  }
}

std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  for (const std::string& word : words(text)) add_tokens(word, tokens);
  return tokens;
}

Result<std::vector<std::size_t>> matches(Database& database, const std::string& question) {
  BANCHU_TRY(Statement ask,
             database.prepare("SELECT rowid, rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"));
  ask.bind(std::string_view(question)).bind(kMostFound);
  std::vector<std::size_t> found;
  double best = 0;
  while (true) {
    BANCHU_TRY(const bool is_there, ask.step());
    if (!is_there) return found;
    const double score = -ask.real(1);
    best = std::max(best, score);
    if (score >= kWorthTelling && score >= kShareOfBest * best)
      found.push_back(static_cast<std::size_t>(ask.integer(0)));
  }
}

}  // namespace

Result<std::vector<std::size_t>> search_texts(std::span<const std::string> texts, const std::string& symptom) {
  const std::vector<std::string> asked = tokens_of(symptom);
  if (asked.empty()) return std::vector<std::size_t>();
  BANCHU_TRY(const std::unique_ptr<Database> database, Database::open_in_memory());
  BANCHU_TRY_STATUS(database->execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = 'porter unicode61')"));
  BANCHU_TRY(Statement add, database->prepare("INSERT INTO texts(rowid, text) VALUES (?, ?)"));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string line = fmt::format("{}", fmt::join(tokens_of(texts[i]), " "));
    BANCHU_TRY_STATUS(add.bind(i).bind(std::string_view(line)).run());
  }
  return matches(*database, fmt::format("\"{}\"", fmt::join(asked, "\" OR \"")));
}

}  // namespace banchu

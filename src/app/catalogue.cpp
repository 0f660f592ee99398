#include "app/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/yaml.h"
#include "embedded/korean.h"

namespace banchu {
namespace {

constexpr int kDeepest = 4;  // sentences within sentences

// A template cut at its holes: "there is no {}" has the pieces "there is no " and "".
struct Row {
  std::string english;
  std::vector<std::string> pieces;
  std::string korean;
  std::size_t letters = 0;  // of all pieces
};

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i] && (text[i] == '{' || text[i] == '}');
    if (text[i] == '{' && !doubled) {
      i = text.find('}', i);
      pieces.emplace_back();
      continue;
    }
    if (doubled) ++i;
    pieces.back() += text[i];
  }
  return pieces;
}

struct Told {
  std::string text;
  SentenceKind kind;
  std::size_t letters = 0;  // of the sentence that the rows account for
};

class Catalogue {
 public:
  static const Catalogue& korean() {
    static const Catalogue catalogue;
    return catalogue;
  }

  const std::string* find(std::string_view english) const {
    const auto found = exact_.find(english);
    return found == exact_.end() ? nullptr : &found->second;
  }
  Told tell(std::string_view sentence) const {
    Known known;
    return translate(sentence, 0, known);
  }

 private:
  using Known = std::map<std::string, Told, std::less<>>;  // what was tried for this sentence
  Told translate(std::string_view sentence, int depth, Known& known) const;
  Told with_row(const Row& row, const std::vector<std::string_view>& holes, int depth, Known& known) const;
  Catalogue();
  void read(std::string_view yaml, const std::string& what);

  std::map<std::string, std::string, std::less<>> exact_;
  std::vector<Row> rows_;  // those with holes
};

void Catalogue::read(std::string_view yaml, const std::string& what) {
  const Result<Json> table = parse_yaml(yaml, what);
  BANCHU_CHECK(table.has_value() && table->is_object(), what);
  for (const auto& [english, korean] : table->items()) {
    BANCHU_CHECK(korean.is_string(), english);
    exact_[english] = korean.get<std::string>();
    Row row{english, pieces_of(english), korean.get<std::string>(), 0};
    for (const std::string& piece : row.pieces) row.letters += piece.size();
    if (row.pieces.size() > 1) rows_.push_back(std::move(row));
  }
}

Catalogue::Catalogue() {
  read(embedded::korean_help_yaml, "the Korean help");
  read(embedded::korean_errors_yaml, "the Korean errors");
  read(embedded::korean_lines_yaml, "the Korean lines");
}

// What stands at the holes of `row`, when the sentence has its pieces in order, from its first letter to its last.
std::optional<std::vector<std::string_view>> holes_in(std::string_view sentence, const Row& row) {
  if (!sentence.starts_with(row.pieces.front()) || !sentence.ends_with(row.pieces.back())) return std::nullopt;
  std::vector<std::string_view> holes;
  std::size_t at = row.pieces.front().size();
  const std::size_t last = sentence.size() - std::min(sentence.size(), row.pieces.back().size());
  for (std::size_t i = 1; i < row.pieces.size(); ++i) {
    const bool is_last = i + 1 == row.pieces.size();
    const std::size_t found = is_last ? last : sentence.find(row.pieces[i], at);
    if (found == std::string_view::npos || found < at) return std::nullopt;
    holes.push_back(sentence.substr(at, found - at));
    at = found + row.pieces[i].size();
  }
  return holes;
}

// Holes are filled as they stand: a format like {:.2f} was applied when the English was made.
std::string filled(std::string_view korean, const std::vector<std::string>& values) {
  std::string text;
  std::size_t next = 0;
  for (std::size_t i = 0; i < korean.size(); ++i) {
    const bool doubled = i + 1 < korean.size() && korean[i + 1] == korean[i];
    if ((korean[i] == '{' || korean[i] == '}') && doubled) {
      text += korean[i++];
    } else if (korean[i] == '{') {
      const bool is_numbered = korean[i + 1] >= '0' && korean[i + 1] <= '9';
      const std::size_t index = is_numbered ? static_cast<std::size_t>(korean[i + 1] - '0') : next++;
      if (index < values.size()) text += values[index];
      i = korean.find('}', i);
    } else {
      text += korean[i];
    }
  }
  return text;
}

Told Catalogue::with_row(const Row& row, const std::vector<std::string_view>& holes, int depth, Known& known) const {
  Told told{"", {"", {row.english}}, row.letters};
  std::vector<std::string> values, kinds;
  for (const std::string_view hole : holes) {
    Told part = translate(hole, depth + 1, known);
    told.letters += part.letters;
    told.kind.rows.insert(told.kind.rows.end(), part.kind.rows.begin(), part.kind.rows.end());
    values.push_back(std::move(part.text));
    kinds.push_back(std::move(part.kind.plain));
  }
  told.text = filled(row.korean, values);
  told.kind.plain = filled(row.english, kinds);
  // Signs between things that nobody knows ("{}: {}") are one thing that nobody knows.
  const bool has_words = std::ranges::any_of(row.pieces, [](const std::string& piece) {
    return std::ranges::any_of(piece, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  });
  const bool is_unknown =
      std::ranges::all_of(kinds, [](const std::string& kind) { return kind.empty() || kind == "…"; });
  if (!has_words && is_unknown) told.kind = {"…", {row.english}};
  return told;
}

// Of all rows that fit, the one that leaves the fewest letters untold, what stands in its holes included; of equal ones
// the one that needs fewer rows.
Told Catalogue::translate(std::string_view sentence, int depth, Known& known) const {
  if (const std::string* whole = find(sentence)) {
    const std::string english(sentence);
    return {filled(*whole, {}), {english, {english}}, sentence.size()};
  }
  if (const auto found = known.find(sentence); found != known.end()) return found->second;
  Told best{std::string(sentence), {sentence.empty() ? "" : "…", {}}, 0};
  for (const Row& row : rows_) {
    const auto holes = depth < kDeepest ? holes_in(sentence, row) : std::nullopt;
    if (!holes) continue;
    Told told = with_row(row, *holes, depth, known);
    const bool is_simpler = told.letters == best.letters && told.kind.rows.size() < best.kind.rows.size();
    if (told.letters > best.letters || is_simpler) best = std::move(told);
  }
  return known[std::string(sentence)] = best;
}

}  // namespace

std::string_view in_language(std::string_view english, Language language) {
  if (language == Language::en) return english;
  const std::string* korean = Catalogue::korean().find(english);
  return korean != nullptr ? std::string_view(*korean) : english;
}

std::string translated(std::string_view sentence, Language language) {
  if (language == Language::en || sentence.empty()) return std::string(sentence);
  return Catalogue::korean().tell(sentence).text;
}

SentenceKind kind_of(std::string_view sentence) { return Catalogue::korean().tell(sentence).kind; }

std::string translated_lines(std::string_view text, Language language) {
  std::string lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines += translated(text.substr(0, end), language);
    if (end == std::string_view::npos) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace banchu

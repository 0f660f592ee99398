#include "arc/unit_reader.h"

#include <algorithm>

#include "arc/unit_shape.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestWordBytes = 120;
constexpr int kMentionReach = 3;  // content words behind an article that may be the noun

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hangul_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return false;
  const auto a = static_cast<unsigned char>(text[at]);
  const auto b = static_cast<unsigned char>(text[at + 1]);
  return (a == 0xEA && b >= 0xB0) || a == 0xEB || a == 0xEC || (a == 0xED && b <= 0x9E);
}
std::size_t wide_bytes(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
}
// Punctuation and symbols outside ASCII (U+0080..00BF, U+2000..2BFF, U+3000..303F, U+FE30..FF0F, U+FFFD).
bool is_wide_mark(std::string_view wide) {
  const auto a = static_cast<unsigned char>(wide[0]);
  const auto b = static_cast<unsigned char>(wide.size() > 1 ? wide[1] : 0);
  return a == 0xC2 || (a == 0xE2 && b < 0xB0) || (a == 0xE3 && b == 0x80) || (a == 0xEF && b >= 0xB8);
}

// Korean verbs need no subject, so whoever is topic or subject may be the one that 그 stands for.
bool is_korean_person(const VocabularyWord& word) {
  return word.hangul && (word.roles & kFunction) == 0 &&
         (word.particle == Particle::topic || word.particle == Particle::subject);
}

}  // namespace

void UnitReader::read(std::string_view text) {
  read_ = {};
  after_mark_ = true;
  open_quote_ = false;
  read_words(text);
  DiscourseUnit unit;
  unit.word_begin = static_cast<std::uint32_t>(discourse_.words_.size());
  for (const ReadWord& word : read_.words) discourse_.words_.push_back(word.id);
  unit.word_end = static_cast<std::uint32_t>(discourse_.words_.size());
  find_mentions(unit);
  find_contents(unit);
  find_persons(unit);
  finish(unit);
  discourse_.units_.push_back(unit);
}

void UnitReader::read_words(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_letter(c) || is_digit(c)) {
      at = read_ascii_word(text, at);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      at = read_wide(text, at);
    } else {
      if (c != ' ' && c != '\t' && c != '\n') mark(c, text, at);
      ++at;
    }
  }
  read_.quotes.stays_open = open_quote_;
}

// Letters, digits and inner apostrophes (' and ’).
std::size_t UnitReader::read_ascii_word(std::string_view text, std::size_t at) {
  const bool capital = is_upper(text[at]);
  lower_.clear();
  while (at < text.size() && lower_.size() < kLongestWordBytes) {
    const char c = text[at];
    const bool curly = text.substr(at, 3) == "’";
    if (is_letter(c) || is_digit(c)) {
      lower_ += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
      ++at;
    } else if ((c == '\'' || curly) && at + (curly ? 3 : 1) < text.size() && is_letter(text[at + (curly ? 3 : 1)])) {
      lower_ += '\'';
      at += curly ? 3 : 1;
    } else {
      break;
    }
  }
  ++discourse_.english_words_;
  push_word(lower_, false, capital);
  return at;
}

std::size_t UnitReader::read_wide(std::string_view text, std::size_t at) {
  if (is_hangul_at(text, at)) {
    const std::size_t begin = at;
    while (is_hangul_at(text, at) && at - begin < kLongestWordBytes) at += 3;
    ++discourse_.korean_words_;
    push_word(text.substr(begin, at - begin), true, false);
    return at;
  }
  const std::string_view wide = text.substr(at, wide_bytes(text[at]));
  if (is_wide_mark(wide)) {
    for (const std::string_view opener : {"“", "「", "『", "«"}) {
      if (wide == opener) quote(true);
    }
    for (const std::string_view closer : {"”", "」", "』", "»"}) {
      if (wide == closer) quote(false);
    }
    if (wide == "！") ++read_.exclamations;
    if (wide == "？") read_.question = true;
    after_mark_ = true;
    return at + wide.size();
  }
  const std::size_t begin = at;
  while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80 && !is_hangul_at(text, at) &&
         !is_wide_mark(text.substr(at, wide_bytes(text[at]))) && at - begin < kLongestWordBytes) {
    at = std::min(at + wide_bytes(text[at]), text.size());
  }
  if (at == begin) at = std::min(begin + wide.size(), text.size());
  ++discourse_.foreign_words_;
  push_word(text.substr(begin, at - begin), false, false);
  return at;
}

void UnitReader::mark(char c, std::string_view text, std::size_t at) {
  if (!read_.words.empty()) read_.words.back().before_stop = true;
  read_.exclamations += c == '!';
  read_.question |= c == '?';
  if (c == '"') {
    const bool after_space = at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '-';
    const bool before_space = at + 1 >= text.size() || text[at + 1] == ' ';
    quote(after_space == before_space ? !open_quote_ : after_space);
  }
  if (c != '-' && c != '\'') after_mark_ = true;
}

void UnitReader::quote(bool opens) {
  if (!read_.quotes.has_marks) {
    read_.quotes.has_marks = true;
    read_.quotes.first_closes = !opens;
    read_.starts_in_quote = opens && read_.words.empty();
  }
  open_quote_ = opens;
}

void UnitReader::push_word(std::string_view lower, bool hangul, bool capital) {
  const std::uint32_t id = discourse_.vocabulary_.intern(lower, hangul);
  read_.words.push_back({id, capital, after_mark_, false});
  after_mark_ = false;
}

// "이름은 배창수", "called Matteo", "Owen Pascoe": does what stands before this word introduce it as a name?
bool UnitReader::names_next(std::size_t at) const {
  if (at == 0) return false;
  const std::string_view before = known(at - 1).text;
  if (known(at).hangul) return before.starts_with("이름") || before.starts_with("성함");
  if (before == "named" || before == "called") return true;
  const bool name_was = before == "was" || before == "is";
  if (name_was) return at > 1 && known(at - 2).text == "name";
  return read_.words[at - 1].capital && !read_.words[at - 1].before_stop && (known(at - 1).roles & kFunction) == 0 &&
         at > 1;
}

void UnitReader::find_mentions(DiscourseUnit& unit) {
  unit.mention_begin = static_cast<std::uint32_t>(discourse_.mentions_.size());
  for (std::size_t i = 0; i < read_.words.size(); ++i) {
    const VocabularyWord& word = known(i);
    if (!word.hangul) {
      find_english_mentions(i);
    } else if ((word.roles & (kIndefinite | kDefinite)) != 0 && i + 1 < read_.words.size() && known(i + 1).hangul) {
      const bool indefinite = (word.roles & kIndefinite) != 0;
      discourse_.mentions_.push_back({known(i + 1).stem, indefinite ? MentionForm::indefinite : MentionForm::definite});
    } else if ((word.roles & kFunction) == 0 && word.particle == Particle::topic) {
      discourse_.mentions_.push_back({word.stem, MentionForm::topic});
    } else if ((word.roles & kFunction) == 0 && word.particle == Particle::subject) {
      discourse_.mentions_.push_back({word.stem, MentionForm::subject});
    } else if ((word.roles & kFunction) == 0 && (word.particle == Particle::naming || names_next(i))) {
      discourse_.mentions_.push_back({word.stem, MentionForm::named});
    }
  }
  unit.mention_end = static_cast<std::uint32_t>(discourse_.mentions_.size());
}

// The last of up to three content words behind an article or a possessive; or a capital inside a sentence.
void UnitReader::find_english_mentions(std::size_t at) {
  const ReadWord& word = read_.words[at];
  const std::uint32_t roles = known(at).roles;
  const bool article = (roles & (kIndefinite | kDefinite | kPossessive)) != 0;
  if (!article) {
    const bool name = word.capital && !word.after_mark && (roles & kFunction) == 0;
    const MentionForm form = names_next(at) ? MentionForm::named : MentionForm::name;
    if (name) discourse_.mentions_.push_back({known(at).stem, form});
    return;
  }
  std::size_t head = 0;
  for (std::size_t i = at + 1; i < read_.words.size() && i <= at + kMentionReach; ++i) {
    if ((known(i).roles & kFunction) != 0 || known(i).hangul) break;
    if (i > at + 1 && (known(i).roles & (kPastVerb | kSpeech)) != 0) break;
    head = i;
    if (read_.words[i].before_stop) break;
  }
  if (head == 0) return;
  const MentionForm form = (roles & kIndefinite) != 0 ? MentionForm::indefinite
                           : (roles & kDefinite) != 0 ? MentionForm::definite
                                                      : MentionForm::possessive;
  discourse_.mentions_.push_back({known(head).stem, form});
}

void UnitReader::find_contents(DiscourseUnit& unit) {
  unit.content_begin = static_cast<std::uint32_t>(discourse_.contents_.size());
  ids_.clear();
  for (std::size_t i = 0; i < read_.words.size(); ++i) {
    if ((known(i).roles & kFunction) == 0 && known(i).text.size() > 2) ids_.push_back(known(i).stem);
  }
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  discourse_.contents_.insert(discourse_.contents_.end(), ids_.begin(), ids_.end());
  unit.content_end = static_cast<std::uint32_t>(discourse_.contents_.size());
}

// A pronoun asks for somebody unless the unit named a fitting one before it.
void UnitReader::find_persons(DiscourseUnit& unit) const {
  for (std::size_t i = 0; i < read_.words.size(); ++i) {
    const std::uint32_t roles = known(i).roles;
    std::uint8_t asked = 0;
    if ((roles & kHe) != 0) asked |= kAnyHe;
    if ((roles & kShe) != 0) asked |= kAnyShe;
    if ((roles & kThey) != 0) asked |= kAnyThey;
    if ((roles & kIt) != 0) asked |= kAnyIt;
    unit.asks |= static_cast<std::uint8_t>(asked & ~unit.offers);
    unit.offers |= asked;
    if ((roles & kMale) != 0) unit.offers |= kAnyHe;
    if ((roles & kFemale) != 0) unit.offers |= kAnyShe;
    const bool name = read_.words[i].capital && (roles & kFunction) == 0;
    if (name) unit.offers |= kAnyHe | kAnyShe;
    if (known(i).text.size() > 3 && known(i).text.ends_with('s') && (roles & kFunction) == 0) unit.offers |= kAnyThey;
    if ((roles & kAdditive) != 0 && (unit.offers & (kAnyHe | kAnyShe)) != 0) unit.offers |= kAnyThey;
    if ((roles & kFunction) == 0) unit.offers |= kAnyIt;
    if (is_korean_person(known(i))) {
      unit.offers |= kAnyHe | kAnyShe;
      if (known(i).text.find("들") != std::string::npos) unit.offers |= kAnyThey;
    }
  }
}

void UnitReader::finish(DiscourseUnit& unit) {
  unit.quotes = read_.quotes;
  const std::span<const std::uint32_t> ids =
      std::span(discourse_.words_).subspan(unit.word_begin, unit.word_end - unit.word_begin);
  unit.emotion = emotion_of(ids, discourse_.vocabulary_, read_.exclamations);
  std::uint64_t print = ids.size();
  for (const std::uint32_t id : ids) print = (print ^ id) * 0x9e3779b97f4a7c15ULL + (print >> 29);
  unit.fingerprint = print;
  if (ids.empty()) return;
  unit.contrast = (known(0).roles & kContrast) != 0;
  const std::size_t last = read_.words.size() - 1;
  if (known(last).hangul) unit.level = speech_level(known(last).text);
  unit.shape = unit_shape(read_, unit, discourse_.vocabulary_);
}

}  // namespace banchu

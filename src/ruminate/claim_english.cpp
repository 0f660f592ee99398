// Reads English messages for claims: splits them into sentences and words, and matches the rules at the beginning of
// each clause.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.h"
#include "ruminate/claim.h"
#include "ruminate/claim_english_rules.h"

namespace banchu {
namespace {

using Strings = std::vector<std::string>;

const char* const kUnknown = "I don't know that yet. Will you tell me?";

// A word as typed, with what tells where a value may begin and end.
struct Word {
  std::string typed;  // without outer punctuation
  std::string folded;
  bool ends_clause = false;  // a comma, colon, dash or the end of the sentence follows
};

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool joins(const std::string& word) {
  return is_one_of(word,
                   {"and",   "but",  "so",   "because", "who", "which",  "since", "though",   "when",    "while",
                    "too",   "now",  "then", "by",      "not", "or",     "if",    "as",       "that",    "where",
                    "these", "most", "very", "with",    "for", "anyway", "here",  "actually", "already", "again"});
}

// A value that points somewhere else, or a verb that follows "like": no thing that one could remember.
bool points_elsewhere(const std::string& word) {
  return is_one_of(word,
                   {"it",         "that",     "this",    "you",   "him",    "her",   "them",  "how",      "when",
                    "what",       "your",     "his",     "their", "these",  "those", "not",   "no",       "being",
                    "everything", "everyone", "nothing", "to",    "she",    "he",    "they",  "if",       "our",
                    "its",        "one",      "some",    "any",   "all",    "who",   "why",   "where",    "unknown",
                    "important",  "here",     "there",   "so",    "coming", "soon",  "today", "tomorrow", "next"});
}

Strings sentences_of(std::string_view text) {
  Strings sentences;
  std::string sentence;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool between_words = i + 1 >= text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    sentence += c;
    if (c != '\n' && !((c == '.' || c == '!' || c == '?') && between_words)) continue;
    sentences.push_back(std::move(sentence));
    sentence.clear();
  }
  if (!trim(sentence).empty()) sentences.push_back(std::move(sentence));
  return sentences;
}

// Typographic apostrophes as typed ones, so that "I’m" is "I'm".
std::string plain_apostrophes(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find("\u2019"); at != std::string::npos; at = out.find("\u2019", at))
    out.replace(at, 3, "'");
  return out;
}

std::vector<Word> words_of(const std::string& sentence) {
  std::vector<Word> found;
  std::size_t at = 0;
  while (at < sentence.size()) {
    const std::size_t begin = sentence.find_first_not_of(" \t\n", at);
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(sentence.find_first_of(" \t\n", begin), sentence.size());
    const std::string raw = sentence.substr(begin, end - begin);
    const std::size_t first = raw.find_first_not_of("\"'(*,.-");
    const std::size_t last = raw.find_last_not_of("\"'),;:.!?*-");
    at = end;
    const bool bare = first == std::string::npos || last == std::string::npos || last < first;
    if (bare && !found.empty()) found.back().ends_clause = true;
    if (bare) continue;
    const std::string typed = raw.substr(first, last - first + 1);
    found.push_back({typed, fold(typed), raw.find_first_of(",;:.!?)", last) != std::string::npos});
  }
  if (!found.empty()) found.back().ends_clause = true;
  return found;
}

// "dog's": the owner form of a {thing}; the possessive is cut off.
std::string without_possessive(const std::string& word) {
  return word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
}

struct Match {
  std::string thing, value;
  std::size_t end = 0;
};

// The value from `at`: up to the end of the clause or a joining word; nothing when it is empty or too long.
std::optional<std::string> value_at(const std::vector<Word>& said, std::size_t at, std::size_t longest,
                                    std::size_t& end) {
  std::string value;
  std::size_t taken = 0;
  for (end = at; end < said.size(); ++end) {
    if (joins(said[end].folded)) break;
    if (taken == 0 && points_elsewhere(said[end].folded)) return std::nullopt;
    if (++taken > longest) return std::nullopt;
    value += (value.empty() ? "" : " ") + said[end].typed;
    if (said[end].ends_clause) {
      ++end;
      break;
    }
  }
  if (value.empty() || value.size() > 60) return std::nullopt;
  return value;
}

std::optional<Match> match_words(const std::vector<Word>& said, std::size_t at, const Strings& pattern,
                                 std::size_t next, std::size_t longest, Match so_far) {
  for (; next < pattern.size(); ++next) {
    const std::string& want = pattern[next];
    if (want == "{value}") {
      const auto value = value_at(said, at, longest, so_far.end);
      if (!value) return std::nullopt;
      so_far.value = *value;
      return so_far;
    }
    if (at >= said.size()) return std::nullopt;
    if (want.starts_with("{thing}")) break;
    if (said[at].folded != want || said[at].ends_clause) return std::nullopt;
    ++at;
  }
  if (next >= pattern.size()) return std::nullopt;
  const bool owned = pattern[next] == "{thing}'s";
  for (std::size_t length = 1; length <= 2 && at + length <= said.size(); ++length) {
    const Word& last = said[at + length - 1];
    if (last.ends_clause || joins(last.folded)) return std::nullopt;
    if (owned && !last.folded.ends_with("'s")) continue;
    Match longer = so_far;
    longer.thing =
        length == 1 ? without_possessive(last.folded) : said[at].folded + " " + without_possessive(last.folded);
    if (auto match = match_words(said, at + length, pattern, next + 1, longest, longer)) return match;
  }
  return std::nullopt;
}

// A claim begins a clause: what somebody else says, what is supposed or asked, does not count.
bool begins_a_clause(const std::vector<Word>& said, std::size_t at) {
  if (at == 0 || said[at - 1].ends_clause) return true;
  return is_one_of(said[at - 1].folded, {"and", "but", "because", "so", "well", "hi", "hello", "hey", "that", "since",
                                         "well", "remember", "this", "way", "also", "yes", "no"});
}

std::string filled(std::string text, const Match& match, const std::string& word) {
  const std::pair<std::string, std::string> slots[] = {
      {"{thing}", match.thing}, {"{value}", match.value}, {"{word}", word}};
  for (const auto& [name, with] : slots) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + with.size())) {
      text.replace(at, name.size(), with);
    }
  }
  return text;
}

Strings filled(const Strings& texts, const Match& match, const std::string& word) {
  Strings out;
  for (const std::string& text : texts) out.push_back(filled(text, match, word));
  return out;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

Claim claim_from(const EnglishRule& rule, const Match& match, const Strings& pattern) {
  const std::string word = pattern.size() > 2 ? pattern[pattern.size() - 2] : "";  // "as", "at", "in" of work
  Claim claim;
  claim.kind = rule.kind;
  claim.slot = fold(filled(rule.slot, match, word));
  claim.value = fold(filled(rule.value, match, word));
  claim.text = filled(rule.text, match, word);
  claim.expected = filled(rule.expected, match, word);
  claim.questions = filled(rule.questions, match, word);
  claim.answers = filled(rule.answers, match, word);
  for (std::string& answer : claim.answers) answer = capitalised(answer);
  claim.neighbours = rule.neighbours;
  claim.unknown = kUnknown;
  return claim;
}

Strings pattern_words(const std::string& pattern) {
  Strings found;
  std::size_t at = 0;
  while (at < pattern.size()) {
    const std::size_t end = std::min(pattern.find(' ', at), pattern.size());
    found.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

std::optional<Claim> claim_at(const std::vector<Word>& said, std::size_t at, std::size_t& end) {
  if (!begins_a_clause(said, at)) return std::nullopt;
  for (const EnglishRule& rule : english_rules()) {
    for (const std::string& text : rule.patterns) {
      const Strings pattern = pattern_words(text);
      const auto match = match_words(said, at, pattern, 0, rule.longest_value, {});
      if (!match || match->thing == "name" || match->thing.starts_with("favo")) continue;
      end = match->end;
      return claim_from(rule, *match, pattern);
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Claim> english_claims(std::string_view message) {
  std::vector<Claim> claims;
  for (const std::string& sentence : sentences_of(plain_apostrophes(message))) {
    const std::string bare = trim(sentence);
    if (bare.empty() || bare.ends_with('?')) continue;
    const std::vector<Word> said = words_of(sentence);
    for (std::size_t at = 0; at < said.size(); ++at) {
      std::size_t end = at;
      if (auto claim = claim_at(said, at, end)) {
        claims.push_back(std::move(*claim));
        at = std::max(end, at + 1) - 1;
      }
    }
  }
  return claims;
}

}  // namespace banchu

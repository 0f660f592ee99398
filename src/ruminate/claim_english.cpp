// The English rules. A pattern is words, with {thing} (one or two words) and {value} (up to a comma or a joining word);
// the phrasings below are filled with both. Twelve questions each: eight to train, four to test.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.h"
#include "ruminate/claim.h"

namespace banchu {
namespace {

using Strings = std::vector<std::string>;

struct Rule {
  Strings patterns;
  MemoryKind kind = MemoryKind::fact;
  std::string slot, value, text, expected;
  std::size_t longest_value = 4;  // words
  Strings questions, answers, neighbours;
};

const char* const kUnknown = "I don't know that yet. Will you tell me?";

Rule pet_rule() {
  return {{"my {thing} is called {value}", "my {thing} is named {value}", "my {thing}'s name is {value}",
           "our {thing} is called {value}", "i have a {thing} called {value}", "i have a {thing} named {value}"},
          MemoryKind::fact,
          "name of {thing}",
          "{value}",
          "your {thing} is called {value}",
          "{value}",
          2,
          {"What is my {thing} called?", "What's the name of my {thing}?", "Do you remember my {thing}'s name?",
           "Tell me what my {thing} is called.", "How is my {thing} called?", "Who is my {thing}?",
           "Can you say the name of my {thing}?", "What name does my {thing} have?",
           "Which name did I give you for my {thing}?", "Remind me, what is my {thing} called?",
           "What do I call my {thing}?", "I wonder if you still know the name of my {thing}?"},
          {"Your {thing} is called {value}.", "{value} is the name of your {thing}."},
          {"What is my neighbour's parrot called?", "What was the name of my first school?"}};
}

Rule name_rule() {
  return {{"my name is {value}", "my name's {value}", "please call me {value}", "you can call me {value}"},
          MemoryKind::fact,
          "user's name",
          "{value}",
          "your name is {value}",
          "{value}",
          3,
          {"What is my name?", "Do you know my name?", "What's my name?", "Who am I?", "Tell me my name.",
           "Do you remember what I am called?", "Can you say my name?", "How should you call me?",
           "Remind me, what is my name?", "What name did I tell you?", "Which name do I go by?", "Say who I am."},
          {"Your name is {value}.", "You are {value}."},
          {"What is my middle name?", "What is my teacher's name?"}};
}

Rule home_rule() {
  return {{"i live in {value}", "i'm living in {value}", "i am living in {value}", "we live in {value}"},
          MemoryKind::fact,
          "home",
          "{value}",
          "you live in {value}",
          "{value}",
          4,
          {"Where do I live?", "Do you know where I live?", "Which place do I live in?", "Where is my home?",
           "Tell me where I live.", "In what town do I live?", "Do you remember where my home is?",
           "What place do I call home?", "Remind me, where do I live?", "Where did I say that I live?",
           "Can you name the place where I live?", "Whereabouts is my house?"},
          {"You live in {value}.", "Your home is in {value}."},
          {"Where was my father born?", "In which street is my office?"}};
}

Rule birthday_rule() {
  return {{"my birthday is on {value}", "my birthday is {value}", "i was born on {value}"},
          MemoryKind::fact,
          "birthday",
          "{value}",
          "your birthday is on {value}",
          "{value}",
          4,
          {"When is my birthday?", "On what day is my birthday?", "Do you remember my birthday?",
           "What date is my birthday?", "Tell me my birthday.", "When was I born?", "Which day is my birthday?",
           "Do you know when my birthday is?", "Remind me, when is my birthday?", "When do I celebrate my birthday?",
           "What day did I give you as my birthday?", "When should the candles be lit for me?"},
          {"Your birthday is on {value}.", "It is on {value}."},
          {"When is my brother's birthday?", "When is my wedding day?"}};
}

Rule allergy_rule() {
  return {{"i am allergic to {value}", "i'm allergic to {value}"},
          MemoryKind::fact,
          "allergy: {value}",
          "allergic",
          "you are allergic to {value}",
          "{value}",
          3,
          {"What am I allergic to?", "Do you remember my allergy?", "Which food is dangerous for me?",
           "What should I not eat?", "Tell me what I am allergic to.", "What must be kept out of my food?",
           "Do you know my allergy?", "What would make me ill?", "Remind me, what am I allergic to?",
           "Which allergy do I have?", "What can't I eat?", "What allergy did I tell you about?"},
          {"You are allergic to {value}.", "Keep away from {value}, you are allergic to it."},
          {"What is my sister allergic to?", "Which medicine do I take?"}};
}

Rule work_rule() {
  return {{"i work as {value}", "i work at {value}", "i work for {value}", "i work in {value}"},
          MemoryKind::fact,
          "work",
          "{value}",
          "you work {word} {value}",
          "{value}",
          4,
          {"What is my work?", "What do I do for a living?", "What is my job?", "Where do I work?",
           "Do you remember my work?", "Tell me what I work as.", "How do I earn my bread?", "Do you know my job?",
           "Remind me, what is my work?", "What did I say about my job?", "What fills my working day?",
           "Which job do I have?"},
          {"You work {word} {value}."},
          {"What did I study?", "Who is my boss?"}};
}

Rule favourite_rule() {
  return {{"my favourite {thing} is {value}", "my favorite {thing} is {value}"},
          MemoryKind::preference,
          "favourite {thing}",
          "{value}",
          "your favourite {thing} is {value}",
          "{value}",
          5,
          {"What is my favourite {thing}?", "Which {thing} is my favourite?", "Do you know my favourite {thing}?",
           "Tell me my favourite {thing}.", "Which {thing} do I like best?", "What {thing} do I love most?",
           "Do you remember which {thing} I like best?", "What's my favourite {thing}?",
           "Remind me of my favourite {thing}.", "Which {thing} would I choose?",
           "What {thing} did I call my favourite?", "Which {thing} makes me happiest?"},
          {"Your favourite {thing} is {value}.", "It is {value}."},
          {"What is my least favourite song?", "Which shop do I never enter?"}};
}

Rule taste_rule(const std::string& verb, const std::string& stance, const Strings& patterns) {
  return {patterns,
          MemoryKind::preference,
          "taste: {value}",
          stance,
          "you " + verb + " {value}",
          "{value}",
          4,
          {"What do I " + verb + "?", "Tell me something I " + verb + ".", "Do you know what I " + verb + "?",
           "Name one thing that I " + verb + ".", "What did I say that I " + verb + "?",
           "Do you remember what I " + verb + "?", "What is it that I " + verb + "?", "Say one thing I " + verb + ".",
           "Remind me, what do I " + verb + "?", "Which thing do I " + verb + "?",
           "What have I told you that I " + verb + "?", "Can you name something I " + verb + "?"},
          {"You " + verb + " {value}.", "You told me that you " + verb + " {value}."},
          {"What does my uncle like?", "Which song do I hum in the morning?"}};
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      name_rule(),
      favourite_rule(),
      pet_rule(),
      home_rule(),
      birthday_rule(),
      allergy_rule(),
      work_rule(),
      taste_rule("do not like", "dislikes",
                 {"i don't like {value}", "i do not like {value}", "i hate {value}", "i dislike {value}",
                  "i can't stand {value}"}),
      taste_rule("like", "likes",
                 {"i like {value}", "i love {value}", "i really like {value}", "i adore {value}",
                  "i really love {value}", "i enjoy {value}"}),
  };
  return kRules;
}

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

Claim claim_from(const Rule& rule, const Match& match, const Strings& pattern) {
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
  for (const Rule& rule : rules()) {
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

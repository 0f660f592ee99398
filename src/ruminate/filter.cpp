#include "ruminate/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestMessage = 4000;  // characters
constexpr std::size_t kLongestReply = 4000;
constexpr std::size_t kChatterWords = 3;

using Check = std::optional<Finding> (*)(std::string_view, const std::string&);
constexpr std::array<Check, 6> kChecks = {find_template_tokens, find_secret,    find_paste,
                                          find_markup,          find_gibberish, find_too_long};

constexpr std::array<std::string_view, 64> kChatterWordsOf = {
    "ok",   "okay", "k",     "kk",  "lol",  "lmao", "rofl", "haha",   "hahaha", "hehe", "hm",   "hmm",    "hmmm",
    "mm",   "mhm",  "yes",   "yep", "yeah", "yup",  "no",   "nope",   "nah",    "thx",  "ty",   "thanks", "cool",
    "nice", "sure", "right", "wow", "oh",   "ah",   "aha",  "huh",    "uh",     "um",   "hey",  "hi",     "hello",
    "bye",  "cu",   "brb",   "idk", "omg",  "xd",   "what", "great",  "good",   "fine", "네",   "넵",     "응",
    "어",   "음",   "아",    "오",  "헐",   "와",   "그래", "그래요", "아니요", "아니", "안녕", "ok네",
};

bool is_laugh_or_jamo(const std::string& word) {
  const std::vector<char32_t> points = code_points(word);
  return std::all_of(points.begin(), points.end(), [](char32_t c) { return c >= 0x3130 && c <= 0x318F; });
}

bool is_chatter_word(const std::string& word) {
  return std::find(kChatterWordsOf.begin(), kChatterWordsOf.end(), word) != kChatterWordsOf.end() ||
         is_laugh_or_jamo(word);
}

std::optional<Finding> find_invalid(const Entry& entry) {
  if (!is_valid_utf8(entry.turn.user) || !is_valid_utf8(taught_reply(entry))) {
    return Finding{Reason::gibberish, "its bytes are not valid UTF-8"};
  }
  if (entry.mark == EntryMark::struck) return Finding{Reason::struck, "you struck it: never to be taught"};
  return std::nullopt;
}

// What the user kept or fixed with his own hand is meant, however short it is.
bool is_meant(const Entry& entry) {
  return entry.mark == EntryMark::fixed || (entry.mark == EntryMark::kept && entry.source == EntrySource::spoken);
}

std::optional<Finding> find_chatter(const Entry& entry) {
  const std::string reply = trim(taught_reply(entry));
  if (reply.empty()) return Finding{Reason::chatter, "the reply is empty"};
  if (words(reply).empty()) return Finding{Reason::chatter, "the reply holds no word"};
  if (is_meant(entry)) return std::nullopt;
  if (trim(entry.turn.user).empty()) return Finding{Reason::chatter, "the message is empty"};
  if (is_chatter(entry.turn.user)) {
    return Finding{Reason::chatter, fmt::format("\"{}\" only keeps the talk going", shorten(entry.turn.user, 24))};
  }
  return std::nullopt;
}

}  // namespace

const std::string& taught_reply(const Entry& entry) {
  return entry.mark == EntryMark::fixed ? entry.fixed_reply : entry.turn.reply;
}

bool is_chatter(std::string_view text) {
  const std::vector<std::string> said = words(text);
  if (said.size() > kChatterWords) return false;
  return std::all_of(said.begin(), said.end(), is_chatter_word);
}

std::optional<Finding> find_too_long(std::string_view text, const std::string& who) {
  const std::size_t characters = code_points(text).size();
  const std::size_t limit = who == "the reply" ? kLongestReply : kLongestMessage;
  if (characters <= limit) return std::nullopt;
  return Finding{Reason::too_long, fmt::format("{} has {} characters, more than {}", who, characters, limit)};
}

std::optional<Finding> find_fault(const Entry& entry) {
  if (auto found = find_invalid(entry)) return found;
  for (const Check check : kChecks) {
    if (auto found = check(entry.turn.user, "the message")) return found;
    if (auto found = check(taught_reply(entry), "the reply")) return found;
  }
  return find_chatter(entry);
}

}  // namespace banchu

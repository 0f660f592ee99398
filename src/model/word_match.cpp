#include "model/word_match.h"

#include <algorithm>

#include "base/text.h"

namespace banchu {
namespace {

constexpr char32_t kBadByte = 0xFFFD;
constexpr std::size_t kMaxWordCharacters = 256;

char32_t lower(char32_t c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

// How many bytes the character needs that begins with this byte; 0: no character begins so.
std::size_t bytes_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

// `bytes` is a lead byte and as many continuation bytes as it asks for.
char32_t decode(const char* bytes, std::size_t size) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(bytes[i])); };
  if (size == 1) return byte(0);
  char32_t c = byte(0) & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) c = (c << 6) | (byte(i) & 0x3F);
  const bool overlong = (size == 3 && c < 0x800) || (size == 4 && c < 0x10000);
  return overlong || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? kBadByte : c;
}

std::string utf8(char32_t c) {
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
  return out;
}

// Scripts that write without spaces: a word of them is found anywhere.
bool is_unspaced(char32_t c) {
  return (c >= 0x2E80 && c <= 0x312F) || (c >= 0x31A0 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF) || (c >= 0x0E00 && c <= 0x0EFF);
}

}  // namespace

Script script_of(char32_t c) {
  if (c < 0x80) {
    const char32_t letter = lower(c);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ? Script::alphabet : Script::other;
  }
  if (is_hangul(c)) return Script::hangul;
  return !is_unspaced(c) && is_word_character(c) ? Script::alphabet : Script::other;
}

WordMatcher::WordMatcher(const std::string& word) : word_(trim(nfc(word))) {
  characters_ = code_points(word_);
  if (characters_.size() > kMaxWordCharacters) characters_.clear();
  bytes_until_.push_back(0);
  for (char32_t& c : characters_) {
    c = lower(c);
    bytes_until_.push_back(bytes_until_.back() + utf8(c).size());
  }
  if (characters_.empty()) return;
  first_ = script_of(characters_.front());
  last_ = script_of(characters_.back());
}

bool WordMatcher::may_begin(Script before) const { return first_ == Script::other || before != first_; }

void WordMatcher::step(MatchState& state, char32_t c, Outcome& outcome) const {
  const Script script = script_of(c);
  if (state.complete && script != Script::alphabet) ++outcome.found;
  state.complete = false;
  if (characters_.empty()) return;
  std::vector<std::uint16_t> live;
  const auto advance = [&](std::size_t matched) {
    if (characters_[matched] != lower(c)) return;
    if (matched + 1 < characters_.size()) {
      live.push_back(static_cast<std::uint16_t>(matched + 1));
    } else if (last_ == Script::alphabet) {
      state.complete = true;
    } else {
      ++outcome.found;
    }
  };
  for (const std::uint16_t matched : state.live) advance(matched);
  if (may_begin(state.before)) advance(0);
  state.live = std::move(live);
  state.before = script;
}

WordMatcher::Outcome WordMatcher::feed(MatchState& state, std::string_view bytes) const {
  Outcome outcome;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    const bool goes_on = (value & 0xC0) == 0x80;
    if (state.tail_size > 0 && !goes_on) {  // the character before never became whole
      step(state, kBadByte, outcome);
      state.tail_size = 0;
    }
    if (state.tail_size == 0 && (goes_on || bytes_of(value) == 0)) {
      step(state, kBadByte, outcome);
      continue;
    }
    state.tail[state.tail_size++] = byte;
    if (state.tail_size < bytes_of(static_cast<unsigned char>(state.tail[0]))) continue;
    const char32_t c = decode(state.tail, state.tail_size);
    std::fill(std::begin(state.tail), std::end(state.tail), '\0');
    state.tail_size = 0;
    step(state, c, outcome);
  }
  std::fill(std::begin(state.tail) + state.tail_size, std::end(state.tail), '\0');
  return outcome;
}

bool WordMatcher::tail_fits(const MatchState& state, std::size_t index) const {
  return index < characters_.size() &&
         utf8(characters_[index]).starts_with(std::string_view(state.tail, state.tail_size));
}

bool WordMatcher::is_live(const MatchState& state) const {
  if (state.tail_size == 0) return state.complete || !state.live.empty();
  if (state.complete) return true;  // half a character behind the word: nobody knows yet
  const auto fits = [&](std::uint16_t matched) { return tail_fits(state, matched); };
  return std::any_of(state.live.begin(), state.live.end(), fits) || (may_begin(state.before) && tail_fits(state, 0));
}

std::vector<unsigned char> WordMatcher::next_bytes(const MatchState& state) const {
  std::vector<unsigned char> bytes;
  const auto add = [&](std::size_t index) {
    if (!tail_fits(state, index)) return;
    const auto byte = static_cast<unsigned char>(utf8(characters_[index])[state.tail_size]);
    bytes.push_back(byte);
    if (byte >= 'a' && byte <= 'z') bytes.push_back(static_cast<unsigned char>(byte - 'a' + 'A'));
  };
  for (const std::uint16_t matched : state.live) add(matched);
  if (state.tail_size > 0 && may_begin(state.before)) add(0);
  return bytes;
}

std::size_t WordMatcher::live_bytes(const MatchState& state) const {
  if (state.complete) return bytes_until_.back() + state.tail_size;
  for (const std::uint16_t matched : state.live) {
    if (state.tail_size == 0 || tail_fits(state, matched)) return bytes_until_[matched] + state.tail_size;
  }
  return state.tail_size;
}

}  // namespace banchu

// Private to model/: finds whole words in a text that arrives byte by byte. Pure, no engine.
//
// What bounds a word (sampling.h): where it begins or ends with a letter or digit of an alphabet, no such character
// may stand next to it; where it begins with Hangul, no Hangul may stand before it; behind Hangul anything may follow,
// for particles do. Between Hangul and an alphabet there is a bound. Other characters bound nothing.
// ASCII letters are matched without case. Bytes that belong to no character count as one other character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace banchu {

enum class Script : std::uint8_t { other, alphabet, hangul };
Script script_of(char32_t c);

// How far the text has come into the word; comparable, so that equal states share what was computed for them.
struct MatchState {
  std::vector<std::uint16_t> live;  // characters of the word matched so far, one for each live beginning, longest first
  bool complete = false;            // the whole word stands at the end; what follows decides (alphabets only)
  Script before = Script::other;    // of the last whole character
  std::uint8_t tail_size = 0;       // bytes of a character that is not complete yet
  char tail[4] = {};
  auto operator<=>(const MatchState& other) const = default;
};

class WordMatcher {
 public:
  // `word` is valid UTF-8; it is trimmed and brought to NFC. An empty word never matches.
  explicit WordMatcher(const std::string& word);

  // What feeding bytes has shown.
  struct Outcome {
    int found = 0;  // whole words that are certain now
  };
  Outcome feed(MatchState& state, std::string_view bytes) const;
  // The text ends here: does the word stand at its end?
  bool at_end(const MatchState& state) const { return state.complete; }
  // On the way into the word, or complete and undecided. Half a character counts when the word could go on with it.
  bool is_live(const MatchState& state) const;
  // Bytes from the beginning of the longest live match to the end of the text.
  std::size_t live_bytes(const MatchState& state) const;

  // The bytes with which a text must go on for a live match to stay alive.
  std::vector<unsigned char> next_bytes(const MatchState& state) const;

  const std::string& word() const { return word_; }

 private:
  void step(MatchState& state, char32_t c, Outcome& outcome) const;
  bool tail_fits(const MatchState& state, std::size_t index) const;
  bool may_begin(Script before) const;

  std::string word_;
  std::vector<char32_t> characters_;      // ASCII letters in lower case
  std::vector<std::size_t> bytes_until_;  // bytes of the first n characters
  Script first_ = Script::other;
  Script last_ = Script::other;
};

}  // namespace banchu

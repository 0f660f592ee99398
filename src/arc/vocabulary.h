// Private to arc/: every distinct word of a text, once, with all that is known about it.
//
// A text has far more words than distinct words, so tables are asked once for each distinct one. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace banchu {

// What a function word does. A word may do several things.
enum WordRole : std::uint32_t {
  kIndefinite = 1u << 0,     // a, an; 한, 어떤
  kDefinite = 1u << 1,       // the; 그, 이, 저 before a noun
  kPossessive = 1u << 2,     // my, his
  kHe = 1u << 3,             // he, him; 그는
  kShe = 1u << 4,            // she, her; 그녀
  kThey = 1u << 5,           // they, them; 그들
  kIt = 1u << 6,             // it
  kFirstPerson = 1u << 7,    // I, we; 나, 우리
  kSecondPerson = 1u << 8,   // you; 너, 당신
  kNegation = 1u << 9,       // not; 안, 못
  kIntensifier = 1u << 10,   // very; 매우
  kContrast = 1u << 11,      // but; 그러나
  kAdditive = 1u << 12,      // and; 그리고
  kCausal = 1u << 13,        // so, because; 그래서
  kTemporal = 1u << 14,      // then, when; 그때
  kAnaphoric = 1u << 15,     // again, another, too; 다시, 또
  kSpeech = 1u << 16,        // said
  kQuestionWord = 1u << 17,  // what, who
  kAuxiliary = 1u << 18,     // was, had, would
  kPreposition = 1u << 19,
  kMale = 1u << 20,    // king, father
  kFemale = 1u << 21,  // queen, mother
  kFunction = 1u << 22,
  kCountWord = 1u << 23,  // two, three, many
  kPastVerb = 1u << 24,   // came, went; -ed
};

// naming: 이라는, 이라고: the word is introduced as a name.
enum class Particle : std::uint8_t { none, topic, subject, object, naming, other };

// Where a word stands on a scale of time that stories move along: months, seasons, parts of the day, "second, third".
struct TimePoint {
  std::uint8_t scale = 0;  // 0: none; else a row of kTimeScales (time_words.h), from 1
  std::uint8_t rank = 0;
};

struct VocabularyWord {
  std::string text;        // lower case
  std::uint32_t stem = 0;  // id of the form in which mentions are compared
  std::uint32_t roles = 0;
  float valence = 0;  // in the lexicon's own unit, see lexicon.h
  bool in_lexicon = false;
  bool hangul = false;
  Particle particle = Particle::none;
  TimePoint when;
};

class Vocabulary {
 public:
  Vocabulary();
  // The id of a word; `text` is lower case already.
  std::uint32_t intern(std::string_view text, bool hangul);
  const VocabularyWord& word(std::uint32_t id) const { return words_[id]; }
  std::size_t size() const { return words_.size(); }

 private:
  std::uint32_t& slot_of(std::string_view text);
  void grow();
  void learn(std::uint32_t id);

  std::deque<VocabularyWord> words_;
  std::vector<std::uint32_t> slots_;  // id + 1; 0: empty
};

}  // namespace banchu

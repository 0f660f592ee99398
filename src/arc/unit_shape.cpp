#include "arc/unit_shape.h"

#include <span>

namespace banchu {
namespace {

// One bit for each role that may stand anywhere, and for some that open the unit.
constexpr std::uint32_t kAnywhere[] = {kIndefinite,   kDefinite,    kPossessive,   kHe,       kShe,       kThey,
                                       kIt,           kFirstPerson, kSecondPerson, kNegation, kSpeech,    kAnaphoric,
                                       kQuestionWord, kAuxiliary,   kMale,         kFemale,   kCountWord, kTemporal,
                                       kContrast,     kCausal,      kPastVerb};
constexpr std::uint32_t kOpening[] = {kIndefinite, kDefinite,     kHe,           kShe,       kThey,
                                      kIt,         kFirstPerson,  kContrast,     kAdditive,  kCausal,
                                      kTemporal,   kSecondPerson, kQuestionWord, kPossessive};
constexpr std::size_t kShortWords = 6;
constexpr std::size_t kLongWords = 25;

class Bits {
 public:
  void add(bool answer) { bits_ |= static_cast<std::uint64_t>(answer) << count_++; }
  std::uint64_t bits() const { return bits_; }

 private:
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

}  // namespace

std::uint64_t unit_shape(const ReadUnit& read, const DiscourseUnit& unit, const Vocabulary& vocabulary) {
  std::uint32_t all = 0;
  for (const ReadWord& word : read.words) all |= vocabulary.word(word.id).roles;
  const std::uint32_t first = vocabulary.word(read.words.front().id).roles;
  Bits bits;
  for (const std::uint32_t role : kAnywhere) bits.add((all & role) != 0);
  for (const std::uint32_t role : kOpening) bits.add((first & role) != 0);
  bits.add(read.question);
  bits.add(read.exclamations > 0);
  bits.add(unit.quotes.has_marks);
  bits.add(read.starts_in_quote);
  bits.add(unit.quotes.first_closes);
  bits.add(unit.quotes.stays_open);
  bits.add(read.words.size() < kShortWords);
  bits.add(read.words.size() > kLongWords);
  bits.add(unit.asks != 0);
  bits.add(unit.mention_begin == unit.mention_end);
  bits.add(unit.level == SpeechLevel::polite);
  bits.add(unit.level == SpeechLevel::plain);
  bits.add(unit.emotion.valence > 0.15);
  return bits.bits();
}

}  // namespace banchu

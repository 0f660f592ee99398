#include "arc/korean.h"

#include <array>

#include "arc/lexicon.h"
#include "arc/time_words.h"

namespace banchu {
namespace {

constexpr std::size_t kSyllableBytes = 3;
constexpr char32_t kFirstSyllable = 0xAC00;
constexpr char32_t kFinals = 28;

constexpr char32_t kFinalB = 17;  // ㅂ

// The number of the syllable's final consonant; 0: none, or no syllable.
char32_t final_of(std::string_view syllable) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(syllable[i])); };
  if (syllable.size() != kSyllableBytes) return 0;
  const char32_t c = ((byte(0) & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
  return c >= kFirstSyllable ? (c - kFirstSyllable) % kFinals : 0;
}

enum class Before : std::uint8_t { any, consonant, vowel };

struct ParticleForm {
  std::string_view form;
  Before before;
  Particle particle;
};

// Longer forms first.
constexpr std::array kParticles = {
    ParticleForm{"에게서는", Before::any, Particle::other},
    ParticleForm{"이라는", Before::consonant, Particle::naming},
    ParticleForm{"이라고", Before::consonant, Particle::naming},
    ParticleForm{"께서는", Before::any, Particle::topic},
    ParticleForm{"께서도", Before::any, Particle::topic},
    ParticleForm{"에게는", Before::any, Particle::other},
    ParticleForm{"에게도", Before::any, Particle::other},
    ParticleForm{"한테는", Before::any, Particle::other},
    ParticleForm{"에서는", Before::any, Particle::other},
    ParticleForm{"에서도", Before::any, Particle::other},
    ParticleForm{"으로는", Before::consonant, Particle::other},
    ParticleForm{"까지도", Before::any, Particle::other},
    ParticleForm{"라는", Before::vowel, Particle::naming},
    ParticleForm{"라고", Before::vowel, Particle::naming},
    ParticleForm{"에는", Before::any, Particle::other},
    ParticleForm{"에도", Before::any, Particle::other},
    ParticleForm{"로는", Before::vowel, Particle::other},
    ParticleForm{"과는", Before::consonant, Particle::other},
    ParticleForm{"와는", Before::vowel, Particle::other},
    ParticleForm{"만은", Before::any, Particle::topic},
    ParticleForm{"에게서", Before::any, Particle::other},
    ParticleForm{"으로", Before::consonant, Particle::other},
    ParticleForm{"에게", Before::any, Particle::other},
    ParticleForm{"에서", Before::any, Particle::other},
    ParticleForm{"한테", Before::any, Particle::other},
    ParticleForm{"께서", Before::any, Particle::subject},
    ParticleForm{"부터", Before::any, Particle::other},
    ParticleForm{"까지", Before::any, Particle::other},
    ParticleForm{"처럼", Before::any, Particle::other},
    ParticleForm{"보다", Before::any, Particle::other},
    ParticleForm{"이랑", Before::consonant, Particle::other},
    ParticleForm{"마저", Before::any, Particle::other},
    ParticleForm{"조차", Before::any, Particle::other},
    ParticleForm{"은", Before::consonant, Particle::topic},
    ParticleForm{"는", Before::vowel, Particle::topic},
    ParticleForm{"이", Before::consonant, Particle::subject},
    ParticleForm{"가", Before::vowel, Particle::subject},
    ParticleForm{"을", Before::consonant, Particle::object},
    ParticleForm{"를", Before::vowel, Particle::object},
    ParticleForm{"과", Before::consonant, Particle::other},
    ParticleForm{"와", Before::vowel, Particle::other},
    ParticleForm{"로", Before::vowel, Particle::other},
    ParticleForm{"에", Before::any, Particle::other},
    ParticleForm{"의", Before::any, Particle::other},
    ParticleForm{"도", Before::any, Particle::other},
    ParticleForm{"만", Before::any, Particle::other},
};

struct WholeWord {
  std::string_view word;
  std::uint32_t roles;
};

constexpr std::array kWholeWords = {
    WholeWord{"한", kIndefinite},     WholeWord{"어떤", kIndefinite},   WholeWord{"어느", kIndefinite},
    WholeWord{"웬", kIndefinite},     WholeWord{"그", kDefinite},       WholeWord{"이", kDefinite},
    WholeWord{"저", kDefinite},       WholeWord{"그런", kDefinite},     WholeWord{"이런", kDefinite},
    WholeWord{"그녀", kShe},          WholeWord{"그들", kThey},         WholeWord{"그것", kIt},
    WholeWord{"이것", kIt},           WholeWord{"나", kFirstPerson},    WholeWord{"내", kFirstPerson},
    WholeWord{"저희", kFirstPerson},  WholeWord{"우리", kFirstPerson},  WholeWord{"제", kFirstPerson},
    WholeWord{"너", kSecondPerson},   WholeWord{"네", kSecondPerson},   WholeWord{"당신", kSecondPerson},
    WholeWord{"자네", kSecondPerson}, WholeWord{"안", kNegation},       WholeWord{"못", kNegation},
    WholeWord{"아니", kNegation},     WholeWord{"매우", kIntensifier},  WholeWord{"아주", kIntensifier},
    WholeWord{"너무", kIntensifier},  WholeWord{"정말", kIntensifier},  WholeWord{"무척", kIntensifier},
    WholeWord{"몹시", kIntensifier},  WholeWord{"가장", kIntensifier},  WholeWord{"그러나", kContrast},
    WholeWord{"하지만", kContrast},   WholeWord{"그런데", kContrast},   WholeWord{"그렇지만", kContrast},
    WholeWord{"그래도", kContrast},   WholeWord{"근데", kContrast},     WholeWord{"오히려", kContrast},
    WholeWord{"그리고", kAdditive},   WholeWord{"또한", kAdditive},     WholeWord{"게다가", kAdditive},
    WholeWord{"그래서", kCausal},     WholeWord{"그러니까", kCausal},   WholeWord{"그러므로", kCausal},
    WholeWord{"따라서", kCausal},     WholeWord{"때문에", kCausal},     WholeWord{"그러자", kTemporal},
    WholeWord{"그때", kTemporal},     WholeWord{"그제야", kTemporal},   WholeWord{"이윽고", kTemporal},
    WholeWord{"마침내", kTemporal},   WholeWord{"드디어", kTemporal},   WholeWord{"나중에", kTemporal},
    WholeWord{"이튿날", kTemporal},   WholeWord{"갑자기", kTemporal},   WholeWord{"그러다가", kTemporal},
    WholeWord{"다시", kAnaphoric},    WholeWord{"또", kAnaphoric},      WholeWord{"다른", kAnaphoric},
    WholeWord{"여전히", kAnaphoric},  WholeWord{"무엇", kQuestionWord}, WholeWord{"왜", kQuestionWord},
    WholeWord{"어디", kQuestionWord}, WholeWord{"누구", kQuestionWord}, WholeWord{"어떻게", kQuestionWord},
    WholeWord{"할머니", kFemale},     WholeWord{"어머니", kFemale},     WholeWord{"엄마", kFemale},
    WholeWord{"누나", kFemale},       WholeWord{"언니", kFemale},       WholeWord{"소녀", kFemale},
    WholeWord{"할아버지", kMale},     WholeWord{"아버지", kMale},       WholeWord{"아빠", kMale},
    WholeWord{"형", kMale},           WholeWord{"오빠", kMale},         WholeWord{"소년", kMale},
};

constexpr std::uint32_t kNouns = kMale | kFemale;

std::uint32_t roles_of(std::string_view word) {
  for (const WholeWord& known : kWholeWords) {
    if (known.word == word) return known.roles | ((known.roles & kNouns) == 0 ? kFunction : 0u);
  }
  return 0;
}

std::string_view strip_particle(std::string_view word, Particle& particle) {
  for (const ParticleForm& form : kParticles) {
    if (!word.ends_with(form.form) || word.size() == form.form.size()) continue;
    const std::string_view stem = word.substr(0, word.size() - form.form.size());
    const bool consonant = has_final_consonant(stem.substr(stem.size() - kSyllableBytes));
    if (form.before == Before::consonant && !consonant) continue;
    if (form.before == Before::vowel && consonant) continue;
    particle = form.particle;
    return stem;
  }
  return word;
}

}  // namespace

bool has_final_consonant(std::string_view syllable) { return final_of(syllable) != 0; }

std::string learn_korean(VocabularyWord& word) {
  word.valence = korean_valence(word.text);
  word.in_lexicon = word.valence < 0 || word.valence > 0;
  word.roles = roles_of(word.text);
  word.when = time_point_of(word.text);
  if (word.roles != 0) return word.text;
  const std::string_view stem = strip_particle(word.text, word.particle);
  word.roles = roles_of(stem);
  if (word.when.scale == 0) word.when = time_point_of(stem);
  if (stem == "그" && word.particle != Particle::none) word.roles = kHe | kFunction;
  // 어간 and 어근 keep their first two syllables where endings change: 걸어갔다, 걸어가는.
  return std::string(word.particle == Particle::none ? stem.substr(0, 2 * kSyllableBytes) : stem);
}

double opening_of(const VocabularyWord& word) {
  constexpr std::uint32_t kLeaning =
      kDefinite | kHe | kShe | kThey | kIt | kContrast | kCausal | kTemporal | kAnaphoric;
  if ((word.roles & kLeaning) != 0) return -1;
  if ((word.roles & kIndefinite) != 0) return 1;
  for (const std::string_view scene : {"옛날", "옛적", "어느날", "언젠가", "해마다"}) {
    if (word.text.starts_with(scene)) return 1;
  }
  for (const std::string_view exists : {"있었다", "있다", "있었습니다", "있습니다", "살았다", "살았습니다",
                                        "계셨습니다", "이다", "이었다", "입니다", "이었습니다"}) {
    if (word.text.ends_with(exists)) return 1;
  }
  for (const std::string_view later : {"결국", "이제", "끝내", "다음", "그날", "이튿날"}) {
    if (word.text.starts_with(later)) return -1;
  }
  if (word.particle == Particle::naming || word.text.starts_with("이름") || word.text.starts_with("성함")) return 1;
  return word.particle == Particle::subject ? 0.5 : 0;
}

double closing_of(const VocabularyWord& word) {
  for (const std::string_view later : {"이제", "지금도", "여전히", "다시는", "마침내", "결국", "끝내", "영원히",
                                       "오래오래", "평생", "그날부터", "그뒤로", "뒤로", "해마다"}) {
    if (word.text.starts_with(later)) return 1;
  }
  for (const std::string_view report : {"한다", "합니다", "답니다", "된다", "된다고", "있다"}) {
    if (word.text.ends_with(report)) return 0.5;
  }
  return word.particle == Particle::naming || (word.roles & kIndefinite) != 0 ? -1 : 0;
}

void add_syllable_grams(std::string_view run, std::set<std::string>& grams) {
  const std::size_t syllables = run.size() / kSyllableBytes;
  const auto part = [&](std::size_t first, std::size_t count) {
    return std::string(run.substr(first * kSyllableBytes, count * kSyllableBytes));
  };
  grams.insert("^" + part(0, 2));
  if (syllables > 2) grams.insert("^" + part(0, 3));
  for (std::size_t i = 0; i + 1 < syllables; ++i) grams.insert(part(i, 2));
  for (std::size_t i = 0; i + 2 < syllables; ++i) grams.insert(part(i, 3));
}

// -습니다, -ㅂ니다, but not 아니다.
bool is_formal(std::string_view word) {
  for (const std::string_view ending : {"니다", "니까"}) {
    if (!word.ends_with(ending) || word.size() < ending.size() + kSyllableBytes) continue;
    return final_of(word.substr(word.size() - ending.size() - kSyllableBytes, kSyllableBytes)) == kFinalB;
  }
  return false;
}

SpeechLevel speech_level(std::string_view last_word) {
  if (is_formal(last_word)) return SpeechLevel::polite;
  for (const std::string_view ending :
       {"세요", "어요", "아요", "해요", "지요", "네요", "군요", "까요", "데요", "죠", "예요", "에요", "시오", "요"}) {
    if (last_word.ends_with(ending)) return SpeechLevel::polite;
  }
  for (const std::string_view ending : {"다", "라", "냐", "니", "자", "어", "아", "지", "해", "군", "네", "까", "야"}) {
    if (last_word.ends_with(ending)) return SpeechLevel::plain;
  }
  return SpeechLevel::none;
}

}  // namespace banchu

#include "arc/violations.h"

#include <array>
#include <map>
#include <unordered_map>

#include "arc/order.h"

namespace banchu {
namespace {

constexpr std::size_t kFewWords = 3;     // "Yes, yes." may be said twice
constexpr std::size_t kRecentUnits = 3;  // near repetition looks back this far
constexpr double kNearlyTheSame = 0.8;   // shared content words over all of both

class Finder {
 public:
  Finder(const Discourse& discourse, std::span<const std::string> speakers)
      : discourse_(discourse), speakers_(speakers) {}

  std::vector<Violation> run() {
    find_late_introductions();
    for (std::uint32_t i = 0; i < discourse_.size(); ++i) {
      check_pronouns(i);
      check_quotes(i);
      check_repetition(i);
      check_address(i);
    }
    return std::move(found_);
  }

 private:
  void note(std::uint32_t unit, ViolationKind kind, std::string detail) {
    found_.push_back({unit, kind, std::move(detail)});
  }

  // Nouns that are introduced after they were presumed.
  void find_late_introductions() {
    struct First {
      std::uint32_t unit = 0;
      std::uint8_t bits = 0;
      std::uint8_t first = 0;
    };
    std::map<std::uint32_t, First> nouns;  // in the order of ids: reports do not depend on hashing
    for (std::uint32_t i = 0; i < discourse_.size(); ++i) {
      for (const Mention& mention : discourse_.mentions(i)) {
        const std::uint8_t bit = form_bit(mention.form);
        if (bit == 0) continue;
        First& noun = nouns[mention.stem];
        if (noun.bits == 0) noun = {i, 0, bit};
        noun.bits |= bit;
      }
    }
    for (const auto& [stem, noun] : nouns) {
      if (noun.bits == 3 && noun.first == 2) {
        note(noun.unit, ViolationKind::article, discourse_.vocabulary().word(stem).text);
      }
    }
  }

  void check_pronouns(std::uint32_t i) {
    std::uint8_t offered = 0;
    for (std::uint32_t back = 1; back <= 2 && back <= i; ++back) offered |= discourse_.unit(i - back).offers;
    const auto missing = static_cast<std::uint8_t>(discourse_.unit(i).asks & ~offered & (kAnyHe | kAnyShe | kAnyThey));
    const bool korean = discourse_.language() == ArcLanguage::korean;
    for (const auto& [bit, en, ko] :
         {std::tuple{kAnyHe, "he", "그"}, {kAnyShe, "she", "그녀"}, {kAnyThey, "they", "그들"}}) {
      if ((missing & bit) != 0) note(i, ViolationKind::pronoun, korean ? ko : en);
    }
  }

  void check_quotes(std::uint32_t i) {
    const QuoteState& quotes = discourse_.unit(i).quotes;
    if (!quotes.has_marks) return;
    if (quotes.first_closes != open_) note(i, ViolationKind::quote, open_ ? "opens twice" : "closes unopened");
    open_ = quotes.stays_open;
  }

  void check_repetition(std::uint32_t i) {
    const DiscourseUnit& unit = discourse_.unit(i);
    if (unit.word_end - unit.word_begin < kFewWords) return;
    const auto [said, fresh] = said_.try_emplace(unit.fingerprint, i);
    if (!fresh) return note(i, ViolationKind::repetition, "as unit " + std::to_string(said->second));
    for (std::uint32_t back = 1; back <= kRecentUnits && back <= i; ++back) {
      if (likeness(i, i - back) >= kNearlyTheSame) {
        return note(i, ViolationKind::repetition, "nearly as unit " + std::to_string(i - back));
      }
    }
  }

  double likeness(std::uint32_t a, std::uint32_t b) const {
    const auto left = discourse_.contents(a);
    const auto right = discourse_.contents(b);
    if (left.size() < kFewWords || right.size() < kFewWords) return 0;
    std::size_t shared = 0;
    for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
      const bool step_left = left[i] <= right[j];
      const bool step_right = right[j] <= left[i];
      shared += step_left && step_right;
      i += step_left;
      j += step_right;
    }
    return static_cast<double>(shared) / static_cast<double>(left.size() + right.size() - shared);
  }

  void check_address(std::uint32_t i) {
    const DiscourseUnit& unit = discourse_.unit(i);
    const std::string speaker = i < speakers_.size() ? speakers_[i] : "";
    const bool speech = unit.quotes.has_marks || open_;
    if (unit.level == SpeechLevel::none || (speaker.empty() && speech)) return;
    SpeechLevel& level = levels_[speaker];
    if (level != SpeechLevel::none && level != unit.level) {
      note(i, ViolationKind::address, unit.level == SpeechLevel::polite ? "반말 → 존댓말" : "존댓말 → 반말");
    }
    level = unit.level;
  }

  const Discourse& discourse_;
  std::span<const std::string> speakers_;
  std::vector<Violation> found_;
  std::unordered_map<std::uint64_t, std::uint32_t> said_;
  std::map<std::string, SpeechLevel> levels_;
  bool open_ = false;
};

}  // namespace

const char* violation_name(ViolationKind kind) {
  static constexpr std::array<const char*, 5> kNames = {"article", "pronoun", "quote", "repetition", "address"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Violation> find_violations(const Discourse& discourse, std::span<const std::string> speakers) {
  return Finder(discourse, speakers).run();
}

}  // namespace banchu

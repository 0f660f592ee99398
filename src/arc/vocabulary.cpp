#include "arc/vocabulary.h"

#include "arc/english.h"
#include "arc/korean.h"

namespace banchu {
namespace {

constexpr std::size_t kFirstSlots = 1u << 12;

// FNV-1a, 64 bits.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

Vocabulary::Vocabulary() : slots_(kFirstSlots, 0) {}

std::uint32_t& Vocabulary::slot_of(std::string_view text) {
  std::size_t at = hash_of(text) & (slots_.size() - 1);
  while (slots_[at] != 0 && words_[slots_[at] - 1].text != text) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void Vocabulary::grow() {
  slots_.assign(slots_.size() * 4, 0);
  for (std::uint32_t id = 0; id < words_.size(); ++id) slot_of(words_[id].text) = id + 1;
}

std::uint32_t Vocabulary::intern(std::string_view text, bool hangul) {
  std::uint32_t& slot = slot_of(text);
  if (slot != 0) return slot - 1;
  const auto id = static_cast<std::uint32_t>(words_.size());
  slot = id + 1;
  words_.push_back({});
  words_.back().text = std::string(text);
  words_.back().hangul = hangul;
  words_.back().stem = id;
  if (words_.size() * 2 > slots_.size()) grow();
  learn(id);
  return id;
}

void Vocabulary::learn(std::uint32_t id) {
  VocabularyWord known = words_[id];
  const std::string stem = known.hangul ? learn_korean(known) : learn_english(known);
  if (stem != known.text) known.stem = words_[intern(stem, known.hangul)].stem;
  words_[id] = std::move(known);
}

}  // namespace banchu

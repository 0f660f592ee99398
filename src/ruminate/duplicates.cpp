#include "ruminate/duplicates.h"

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kGram = 3;

std::uint64_t hash_of(const std::vector<std::string>& said, std::size_t begin, std::size_t end) {
  std::uint64_t hash = end - begin;
  for (std::size_t i = begin; i < end; ++i) {
    for (const char c : said[i]) hash = Rng::mix(hash ^ static_cast<unsigned char>(c)) + 1;
    hash = Rng::mix(hash ^ 0x20);
  }
  return hash;
}

}  // namespace

std::vector<std::uint64_t> word_trigrams(const std::string& text) {
  const std::vector<std::string> said = words(text);
  std::vector<std::uint64_t> hashes;
  if (said.size() < kGram) return {hash_of(said, 0, said.size())};
  for (std::size_t i = 0; i + kGram <= said.size(); ++i) hashes.push_back(hash_of(said, i, i + kGram));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  std::vector<std::uint64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const std::size_t either = a.size() + b.size() - both.size();
  return either == 0 ? 1 : static_cast<double>(both.size()) / static_cast<double>(either);
}

std::optional<std::size_t> DuplicateIndex::find_or_add(const std::string& text, std::size_t label) {
  std::vector<std::uint64_t> trigrams = word_trigrams(text);
  std::map<std::size_t, std::size_t> shared;  // known text -> how many 3-grams both hold
  for (const std::uint64_t hash : trigrams) {
    for (const std::size_t holder : holders_[hash]) ++shared[holder];
  }
  for (const auto& [holder, count] : shared) {
    const std::size_t either = trigrams.size() + known_[holder].trigrams.size() - count;
    if (static_cast<double>(count) >= near_ * static_cast<double>(either)) return known_[holder].label;
  }
  for (const std::uint64_t hash : trigrams) holders_[hash].push_back(known_.size());
  known_.push_back({label, std::move(trigrams)});
  return std::nullopt;
}

}  // namespace banchu

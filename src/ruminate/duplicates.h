// Exact and near duplicates of a day: the same talk twice must not count, or weigh, twice.
//
// Near: Jaccard similarity of the sets of word 3-grams (words of fold(text)). Pure; about linear in the text, through
// an index from 3-gram to the texts that hold it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace banchu {

// The sorted hashes of the 3-grams of words; texts shorter than three words give the hash of the whole.
std::vector<std::uint64_t> word_trigrams(const std::string& text);
double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b);

class DuplicateIndex {
 public:
  explicit DuplicateIndex(double near) : near_(near) {}
  // The first text added before that is the same or nearly the same, or nothing; then `text` is added under `label`.
  std::optional<std::size_t> find_or_add(const std::string& text, std::size_t label);

 private:
  struct Known {
    std::size_t label;
    std::vector<std::uint64_t> trigrams;
  };
  double near_;
  std::vector<Known> known_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> holders_;
};

}  // namespace banchu

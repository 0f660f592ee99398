#include "model/word_steering.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banchu {
namespace {

constexpr int kMaxRewinds = 64;

void forbid(std::span<float> logits, Token token) { logits[static_cast<std::size_t>(token)] = -INFINITY; }

// exp(logit - highest), so that sums of them are the model's probabilities times a constant.
std::vector<float> weights_of(std::span<const float> logits) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  std::vector<float> weights(logits.size());
  std::transform(logits.begin(), logits.end(), weights.begin(), [&](float l) { return std::exp(l - highest); });
  return weights;
}

}  // namespace

WordSteering::WordSteering(WordTables& tables, std::span<const WordBias> words) : index_(&tables.index()) {
  for (const WordBias& word : words) {
    if (word.bias == 0) continue;
    WordTable& table = tables.table(word.word);
    if (table.matcher().word().empty()) continue;
    words_.push_back({&table, word.bias, word.bias <= kBan, {MatchState{}}});
  }
}

void WordSteering::shift(Watched& word, std::span<float> logits) const {
  const MatchState& state = word.states.back();
  const bool favoured = word.bias > 0;
  const bool paid = favoured ? word.table->matcher().is_live(state) : state.complete;
  if (paid) {
    for (float& logit : logits) logit -= word.bias;
    for (const Token token : index_->empty) logits[static_cast<std::size_t>(token)] += word.bias;
    if (state.complete) {
      for (const Token token : index_->ends) logits[static_cast<std::size_t>(token)] += word.bias;
    }
  }
  for (const TokenEffect& effect : word.table->effects(state)) {
    const int after = effect.found + ((favoured ? effect.live : effect.complete) ? 1 : 0);
    logits[static_cast<std::size_t>(effect.token)] += word.bias * static_cast<float>(after);
  }
}

// Returns the weight that was taken away.
double WordSteering::mask(Watched& word, std::span<float> logits, std::span<const float> weights) const {
  const MatchState& state = word.states.back();
  double taken = 0;
  const auto take = [&](Token token) {
    if (!weights.empty()) taken += static_cast<double>(weights[static_cast<std::size_t>(token)]);
    forbid(logits, token);
  };
  for (const TokenEffect& effect : word.table->effects(state)) {
    if (effect.found > 0) take(effect.token);
  }
  if (state.complete) std::for_each(index_->ends.begin(), index_->ends.end(), take);
  return taken;
}

std::optional<std::size_t> WordSteering::apply(std::span<float> logits) {
  if (const auto here = forbidden_.find(sizes_.size() - 1); here != forbidden_.end()) {
    for (const Token token : here->second) forbid(logits, token);
  }
  for (Watched& word : words_) {
    if (!word.banned) shift(word, logits);
  }
  const bool may_rewind = rewinds_ < kMaxRewinds && undecided_from().has_value();
  const std::vector<float> weights = may_rewind ? weights_of(logits) : std::vector<float>();
  std::optional<std::size_t> begin;
  double most = 0;
  for (Watched& word : words_) {
    if (!word.banned) continue;
    const double taken = mask(word, logits, weights);
    const auto live = live_begin(word);
    if (live && taken > most) {
      most = taken;
      begin = live;
    }
  }
  if (!begin) return std::nullopt;
  double left = 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    left += logits[i] == -INFINITY ? 0.0 : static_cast<double>(weights[i]);
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (left >= kLittleMass * all) return std::nullopt;
  ++rewinds_;
  return begin;
}

void WordSteering::accept(Token token) {
  const std::string& piece = index_->tokenizer.piece(token);
  sizes_.push_back(sizes_.back() + piece.size());
  for (Watched& word : words_) {
    MatchState state = word.states.back();
    word.table->matcher().feed(state, piece);
    word.states.push_back(std::move(state));
  }
}

void WordSteering::forbid_here(std::size_t count, Token token) {
  sizes_.resize(count + 1);
  for (Watched& word : words_) word.states.resize(count + 1);
  forbidden_.erase(forbidden_.upper_bound(count), forbidden_.end());  // said of a text that is gone
  forbidden_[count].insert(token);
}

std::optional<std::size_t> WordSteering::live_begin(const Watched& word) const {
  const MatchState& state = word.states.back();
  if (!word.table->matcher().is_live(state)) return std::nullopt;
  return sizes_.back() - word.table->matcher().live_bytes(state);
}

std::optional<std::size_t> WordSteering::undecided_from() const {
  std::optional<std::size_t> first;
  for (const Watched& word : words_) {
    if (!word.banned) continue;
    const auto begin = live_begin(word);
    if (begin) first = first ? std::min(*first, *begin) : *begin;
  }
  return first;
}

std::optional<std::size_t> WordSteering::banned_at_end(std::string_view text) const {
  for (const Watched& word : words_) {
    if (!word.banned) continue;
    const WordMatcher& matcher = word.table->matcher();
    MatchState state;
    matcher.feed(state, text);
    if (state.complete) return text.size() - matcher.live_bytes(state);
  }
  return std::nullopt;
}

}  // namespace banchu

#include "model/word_tables.h"

#include <algorithm>

namespace banchu {
namespace {

constexpr std::size_t kMaxKnownStates = 512;
constexpr std::size_t kMaxTables = 256;

}  // namespace

TokenIndex::TokenIndex(const Tokenizer& given) : tokenizer(given) {
  for (std::size_t i = 0; i < given.vocabulary_size(); ++i) {
    const auto token = static_cast<Token>(i);
    const std::string& piece = given.piece(token);
    if (given.ends_generation(token)) {
      ends.push_back(token);
    } else if (piece.empty()) {
      empty.push_back(token);
    } else {
      by_first_byte[static_cast<unsigned char>(piece[0])].push_back(token);
    }
  }
}

WordTable::WordTable(const TokenIndex& index, const std::string& word) : index_(index), matcher_(word) {
  std::vector<TokenEffect> all;
  const MatchState fresh;  // allows a beginning anywhere, so what does nothing here begins nothing elsewhere
  for (const auto& bucket : index_.by_first_byte) {
    for (const Token token : bucket) add_effect(fresh, token, all);
  }
  for (const TokenEffect& effect : all) starters_.push_back(effect.token);
}

void WordTable::add_effect(const MatchState& state, Token token, std::vector<TokenEffect>& effects) const {
  MatchState after = state;
  const WordMatcher::Outcome outcome = matcher_.feed(after, index_.tokenizer.piece(token));
  const TokenEffect effect{token, static_cast<std::uint8_t>(std::min(outcome.found, 255)), matcher_.is_live(after),
                           after.complete};
  if (effect.found > 0 || effect.live || effect.complete) effects.push_back(effect);
}

std::vector<TokenEffect> WordTable::compute(const MatchState& state) const {
  std::vector<TokenEffect> effects;
  if (state.complete) {  // what follows decides, whatever it is
    for (const auto& bucket : index_.by_first_byte) {
      for (const Token token : bucket) add_effect(state, token, effects);
    }
    return effects;
  }
  std::vector<Token> tokens = starters_;
  std::vector<unsigned char> bytes = matcher_.next_bytes(state);
  std::sort(bytes.begin(), bytes.end());
  bytes.erase(std::unique(bytes.begin(), bytes.end()), bytes.end());
  for (const unsigned char byte : bytes) {
    tokens.insert(tokens.end(), index_.by_first_byte[byte].begin(), index_.by_first_byte[byte].end());
  }
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  for (const Token token : tokens) add_effect(state, token, effects);
  return effects;
}

const std::vector<TokenEffect>& WordTable::effects(const MatchState& state) {
  const auto found = known_.find(state);
  if (found != known_.end()) return found->second;
  if (known_.size() >= kMaxKnownStates) known_.clear();
  return known_.emplace(state, compute(state)).first->second;
}

WordTable& WordTables::table(const std::string& word) {
  auto& slot = tables_[word];
  if (slot == nullptr) slot = std::make_unique<WordTable>(index_, word);
  return *slot;
}

void WordTables::trim() {
  if (tables_.size() > kMaxTables) tables_.clear();
}

}  // namespace banchu

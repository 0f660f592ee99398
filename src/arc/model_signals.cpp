#include "arc/model_signals.h"

#include <algorithm>

#include "arc/probe_states.h"

namespace banchu {
namespace {

class ModelReader {
 public:
  ModelReader(std::span<const std::string_view> units, Session& session, bool with_states, const CancelFlag* cancel)
      : session_(session), with_states_(with_states), window_(window_tokens(session.model())), cancel_(cancel) {
    const Tokenizer& tokenizer = session.model().tokenizer();
    head_ = tokenizer.text_start();
    tokens_ = start_ = line_start(tokenizer);
    for (std::size_t i = 0; i < units.size(); ++i) {
      alone_.push_back({tokenizer.encode(units[i]), tokenizer.encode(closing_mark(units[i])), {}});
      begins_.push_back(tokens_.size());
      const std::vector<Token> unit = tokenizer.encode((i > 0 ? " " : "") + std::string(units[i]));
      tokens_.insert(tokens_.end(), unit.begin(), unit.end());
    }
    begins_.push_back(tokens_.size());
  }

  Result<ModelReading> run() {
    BANCHU_TRY_STATUS(read_in_context());
    BANCHU_TRY_STATUS(read_alone());
    ModelReading reading;
    for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
      reading.twice.push_back(twice_read(i));
      reading.units.push_back(signals_of(reading.twice.back(), begins_[i]));
    }
    reading.states = std::move(states_);
    reading.tokens = read_tokens_;
    return reading;
  }

 private:
  Status read_in_context() {
    in_context_.assign(tokens_.size(), 0.0f);
    entropy_.assign(tokens_.size(), 0.0f);
    std::vector<ScoreRequest> requests;
    std::vector<std::size_t> offsets;
    for (std::size_t scored = start_.size(); scored < tokens_.size();) {
      const std::size_t overlap = std::min(kOverlapTokens, window_ / 4);
      const std::size_t begin = scored > overlap ? scored - overlap : 0;
      // A later window opens as a text does, where the vocabulary asks for that.
      ScoreRequest request;
      if (begin > 0) request.tokens = head_;
      const std::size_t head = request.tokens.size();
      const std::size_t end = std::min(tokens_.size(), begin + window_ - head);
      request.tokens.insert(request.tokens.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                            tokens_.begin() + static_cast<std::ptrdiff_t>(end));
      request.entropy = true;
      for (std::size_t at = scored; at < end; ++at)
        request.positions.push_back(static_cast<std::uint32_t>(at - begin + head));
      requests.push_back(std::move(request));
      offsets.push_back(begin - head);  // wraps around, and back when a position is added
      scored = end;
    }
    BANCHU_TRY(const std::vector<Score> scores, score(requests));
    for (std::size_t r = 0; r < requests.size(); ++r) {
      for (std::size_t i = 0; i < requests[r].positions.size(); ++i) {
        in_context_[offsets[r] + requests[r].positions[i]] = scores[r].logprobs[i];
        entropy_[offsets[r] + requests[r].positions[i]] = scores[r].entropies[i];
      }
    }
    return {};
  }

  Status read_alone() {
    std::vector<ScoreRequest> requests;
    for (const Alone& unit : alone_) {
      const std::span<const Token> mark = with_states_ ? unit.mark : std::span<const Token>();
      ScoreRequest request = state_request(start_, unit.tokens, mark, window_);
      if (!with_states_) request.hidden.clear();
      const std::size_t read = std::min(unit.tokens.size(), window_ - start_.size());
      for (std::size_t i = 0; i < read; ++i) {
        request.positions.push_back(static_cast<std::uint32_t>(start_.size() + i));
      }
      requests.push_back(std::move(request));
    }
    BANCHU_TRY(std::vector<Score> scores, score(requests));
    for (std::size_t u = 0; u < alone_.size(); ++u) {
      alone_[u].logprobs = std::move(scores[u].logprobs);
      alone_[u].logprobs.resize(alone_[u].tokens.size());  // what did not fit the window has no surprise
      if (with_states_) states_.push_back(std::move(scores[u].hidden.front()));
    }
    return {};
  }

  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests) {
    for (const ScoreRequest& request : requests) read_tokens_ += request.tokens.size();
    return session_.score(requests, 0, nullptr, cancel_);
  }

  TwiceRead twice_read(std::size_t unit) const {
    const auto begin = static_cast<std::ptrdiff_t>(begins_[unit]);
    const auto end = static_cast<std::ptrdiff_t>(begins_[unit + 1]);
    return {{tokens_.begin() + begin, tokens_.begin() + end},
            {in_context_.begin() + begin, in_context_.begin() + end},
            alone_[unit].logprobs};
  }

  ModelSignals signals_of(const TwiceRead& unit, std::size_t begin) const {
    ModelSignals signals;
    if (unit.tokens.empty()) return signals;
    const auto count = static_cast<double>(unit.tokens.size());
    const double with = sum_of(unit.in_context);
    signals.surprisal = -with / count;
    signals.context_gain = (with - sum_of(unit.alone)) / count;
    signals.entropy = static_cast<double>(entropy_[begin]);
    return signals;
  }

  struct Alone {
    std::vector<Token> tokens;
    std::vector<Token> mark;  // what closes it, for its state
    std::vector<float> logprobs;
  };

  Session& session_;
  bool with_states_;
  std::size_t window_;
  const CancelFlag* cancel_;
  std::vector<Token> head_;   // BOS, or nothing
  std::vector<Token> start_;  // BOS and a line break
  std::vector<Token> tokens_;
  std::vector<std::size_t> begins_;  // of each unit, and the end
  std::vector<Alone> alone_;
  std::vector<float> in_context_, entropy_;
  std::vector<std::vector<float>> states_;
  std::uint64_t read_tokens_ = 0;
};

}  // namespace

std::size_t window_tokens(const Model& model) {
  const std::size_t trained = model.info().context_tokens;
  return trained == 0 ? kWindowTokens : std::min(kWindowTokens, trained);
}

Result<ModelReading> read_with_model(std::span<const std::string_view> units, Session& session, bool with_states,
                                     const CancelFlag* cancel) {
  return ModelReader(units, session, with_states, cancel).run();
}

}  // namespace banchu

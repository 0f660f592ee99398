#include "arc/model_signals.h"

#include <algorithm>

#include "arc/numeric.h"

namespace banchu {
namespace {

// Context gain in nats a token: units of tales in place, and behind a stranger's sentences (docs/arc.md).
constexpr double kGainMiddle = 0.78;
constexpr double kGainSpread = 0.3;

class ModelReader {
 public:
  ModelReader(std::span<const std::string_view> units, Session& session, const CancelFlag* cancel)
      : session_(session), cancel_(cancel) {
    const Tokenizer& tokenizer = session.model().tokenizer();
    tokens_ = start_ = tokenizer.encode("\n");
    for (std::size_t i = 0; i < units.size(); ++i) {
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
    double helped = 0;
    for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
      reading.units.push_back(signals_of(i));
      if (i > 0) helped += sigmoid((reading.units[i].context_gain - kGainMiddle) / kGainSpread);
    }
    if (reading.units.size() > 1) reading.local = helped / static_cast<double>(reading.units.size() - 1);
    reading.tokens = read_tokens_;
    return reading;
  }

 private:
  std::size_t window() const { return kWindowTokens; }

  Status read_in_context() {
    in_context_.assign(tokens_.size(), 0.0f);
    entropy_.assign(tokens_.size(), 0.0f);
    std::vector<ScoreRequest> requests;
    std::vector<std::size_t> offsets;
    for (std::size_t scored = start_.size(); scored < tokens_.size();) {
      const std::size_t begin = scored > kOverlapTokens ? scored - kOverlapTokens : 0;
      const std::size_t end = std::min(tokens_.size(), begin + window());
      ScoreRequest request;
      request.tokens.assign(tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                            tokens_.begin() + static_cast<std::ptrdiff_t>(end));
      request.entropy = true;
      for (std::size_t at = scored; at < end; ++at) request.positions.push_back(static_cast<std::uint32_t>(at - begin));
      requests.push_back(std::move(request));
      offsets.push_back(begin);
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
    alone_.assign(tokens_.size(), 0.0f);
    std::vector<ScoreRequest> requests;
    for (std::size_t u = 0; u + 1 < begins_.size(); ++u) {
      ScoreRequest request;
      request.tokens = start_;
      const std::size_t end = std::min(begins_[u + 1], begins_[u] + window() - start_.size());
      for (std::size_t at = begins_[u]; at < end; ++at) {
        request.positions.push_back(static_cast<std::uint32_t>(request.tokens.size()));
        request.tokens.push_back(tokens_[at]);
      }
      requests.push_back(std::move(request));
    }
    BANCHU_TRY(const std::vector<Score> scores, score(requests));
    for (std::size_t u = 0; u < requests.size(); ++u) {
      std::copy(scores[u].logprobs.begin(), scores[u].logprobs.end(),
                alone_.begin() + static_cast<std::ptrdiff_t>(begins_[u]));
    }
    return {};
  }

  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests) {
    for (const ScoreRequest& request : requests) read_tokens_ += request.tokens.size();
    return session_.score(requests, 0, nullptr, cancel_);
  }

  ModelSignals signals_of(std::size_t unit) const {
    ModelSignals signals;
    const std::size_t begin = begins_[unit];
    const std::size_t end = begins_[unit + 1];
    if (begin == end) return signals;
    double with = 0;
    double without = 0;
    for (std::size_t at = begin; at < end; ++at) {
      with += static_cast<double>(in_context_[at]);
      without += static_cast<double>(alone_[at]);
    }
    const auto count = static_cast<double>(end - begin);
    signals.surprisal = -with / count;
    signals.context_gain = (with - without) / count;
    signals.entropy = static_cast<double>(entropy_[begin]);
    return signals;
  }

  Session& session_;
  const CancelFlag* cancel_;
  std::vector<Token> start_;
  std::vector<Token> tokens_;
  std::vector<std::size_t> begins_;  // of each unit, and the end
  std::vector<float> in_context_, entropy_, alone_;
  std::uint64_t read_tokens_ = 0;
};

}  // namespace

Result<ModelReading> read_with_model(std::span<const std::string_view> units, Session& session,
                                     const CancelFlag* cancel) {
  return ModelReader(units, session, cancel).run();
}

}  // namespace banchu

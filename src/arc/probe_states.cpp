#include "arc/probe_states.h"

#include <algorithm>
#include <array>

#include "arc/model_signals.h"

namespace banchu {
namespace {

constexpr std::size_t kUnitsAtOnce = 64;  // between two looks at the progress bar and the cancel flag
constexpr std::array<std::string_view, 28> kMarks = {".", ",",  "!",  "?",  ";",  ":",  "\"", "'",  ")",  "]",
                                                     "}", "~",  "…",  "。", "！", "？", "，", "；", "：", "”",
                                                     "’", "」", "』", "》", "〉", "»",  "）", "—"};

}  // namespace

std::string_view closing_mark(std::string_view unit) {
  while (!unit.empty() && (unit.back() == ' ' || unit.back() == '\n' || unit.back() == '\t')) unit.remove_suffix(1);
  return std::ranges::any_of(kMarks, [&](std::string_view mark) { return unit.ends_with(mark); }) ? "" : ".";
}

ScoreRequest state_request(std::span<const Token> start, std::span<const Token> tokens, std::span<const Token> mark,
                           std::size_t window) {
  ScoreRequest request;
  for (const std::span<const Token> part : {start, tokens, mark}) {
    request.tokens.insert(request.tokens.end(), part.begin(), part.end());
  }
  request.tokens.resize(std::min(request.tokens.size(), window));
  request.hidden = {static_cast<std::uint32_t>(request.tokens.size() - 1)};
  return request;
}

std::vector<Token> line_start(const Tokenizer& tokenizer) {
  std::vector<Token> start = tokenizer.text_start();
  for (const Token token : tokenizer.encode("\n")) start.push_back(token);
  return start;
}

Result<std::vector<std::vector<float>>> read_states(std::span<const std::string_view> units, Session& session,
                                                    const ProgressSink& progress, const CancelFlag* cancel) {
  const Tokenizer& tokenizer = session.model().tokenizer();
  const std::vector<Token> start = line_start(tokenizer);
  const std::size_t window = window_tokens(session.model());
  std::vector<std::vector<float>> states;
  for (std::size_t first = 0; first < units.size(); first += kUnitsAtOnce) {
    std::vector<ScoreRequest> requests;
    for (const std::string_view unit : units.subspan(first, std::min(kUnitsAtOnce, units.size() - first))) {
      requests.push_back(state_request(start, tokenizer.encode(unit), tokenizer.encode(closing_mark(unit)), window));
    }
    BANCHU_TRY(std::vector<Score> scores, session.score(requests, 0, nullptr, cancel));
    for (Score& score : scores) states.push_back(std::move(score.hidden.front()));
    if (progress) progress({"reading", states.size(), units.size(), "sentence", ""});
  }
  return states;
}

}  // namespace banchu

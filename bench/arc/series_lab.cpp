// A second laboratory of bench/arc: series, unit by unit. Reads JSON lines as tale.h says, writes one JSON object a
// line.
//
//   arc_series_lab arcs               {"id", "argmax", "ovr", "posterior", "lexicon": a valence a unit; "decoded": for
//                                     "posterior", "lexicon", "both" and "random" the arc without transitions, with
//                                     them, and with the rules too}: the steps of the ablation (ablation.py)
//   arc_series_lab tokens MODEL.gguf  {"id", "units": [[[token, log p]...]...]}, read on from unit to unit
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "arc/emotions.h"
#include "arc/measure.h"
#include "arc/numeric.h"
#include "base/rng.h"
#include "tale.h"

namespace banchu {
namespace {

constexpr std::size_t kJoy = 3;
constexpr std::array<std::size_t, 4> kBad = {0, 1, 2, 5};  // anger, disgust, fear, sadness

// Three readings of the same predictions: the likeliest label, labels by their thresholds, and no label at all.
struct LocalValence {
  double argmax = 0, ovr = 0, posterior = 0;
};

LocalValence valence_of(const EmotionShares& shares) {
  const auto& p = shares.probability;
  const auto likeliest = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  const bool bad = std::ranges::find(kBad, likeliest) != kBad.end();
  LocalValence valence{likeliest == kJoy ? 1.0 : bad ? -1.0 : 0.0, shares.label[kJoy] ? 1.0 : 0.0, p[kJoy]};
  double worst = 0;
  bool any_bad = false;
  for (const std::size_t e : kBad) {
    worst = std::max(worst, p[e]);
    any_bad |= shares.label[e];
  }
  if (any_bad) valence.ovr = shares.label[kJoy] && p[kJoy] >= worst ? 1 : -1;
  valence.posterior -= worst;
  return valence;
}

Json decoded(const Discourse& discourse, const std::vector<double>& values) {
  std::vector<double> witness(values.size(), 1.0);
  const Measure measure(discourse, {standardised(values), standardised(values), std::move(witness)}, 1);
  std::vector<std::uint32_t> told(values.size());
  std::iota(told.begin(), told.end(), 0u);
  const DecoderRules no_rules{false, false, false};
  const auto arc = [&](double gamma, const DecoderRules& rules) {
    const std::vector<double> places = measure.decode(told, measure.moves(gamma), rules).arc;
    Json units = Json::array();
    for (std::size_t u = 0; u < values.size(); ++u) units.push_back(places[measure.place_of(u)]);
    return units;
  };
  return {{"gamma0", arc(0, no_rules)}, {"gamma1", arc(1, no_rules)}, {"rules", arc(1, {})}};
}

void arcs(const Tale& tale) {
  const Discourse discourse(tale.views());
  std::vector<double> argmax, ovr, posterior, lexicon, both, random;
  Rng rng(7, tale.id);
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    const LocalValence valence = valence_of(classify_emotions(tale.units[i]));
    argmax.push_back(valence.argmax);
    ovr.push_back(valence.ovr);
    posterior.push_back(valence.posterior);
    lexicon.push_back(discourse.unit(i).emotion.valence);
    random.push_back(rng.normal());
  }
  const std::vector<double> a = standardised(posterior);
  const std::vector<double> b = standardised(lexicon);
  for (std::size_t i = 0; i < a.size(); ++i) both.push_back(a[i] + b[i]);
  Json json = {{"id", tale.id},      {"argmax", argmax}, {"ovr", ovr},      {"posterior", posterior},
               {"lexicon", lexicon}, {"both", both},     {"random", random}};
  json["decoded"] = {{"posterior", decoded(discourse, posterior)},
                     {"lexicon", decoded(discourse, lexicon)},
                     {"both", decoded(discourse, both)},
                     {"random", decoded(discourse, random)}};
  fmt::print("{}\n", to_line(json));
}

// One request for a tale: its units behind a line break, as model_signals.cpp reads them. What does not fit the window
// is cut off.
ScoreRequest request_of(const Tale& tale, const Tokenizer& tokenizer, std::vector<std::size_t>& ends) {
  ScoreRequest request;
  request.tokens = tokenizer.encode("\n");
  for (std::size_t i = 0; i < tale.units.size(); ++i) {
    for (const Token token : tokenizer.encode((i > 0 ? " " : "") + tale.units[i])) {
      if (request.tokens.size() >= kWindowTokens) break;
      request.positions.push_back(static_cast<std::uint32_t>(request.tokens.size()));
      request.tokens.push_back(token);
    }
    ends.push_back(request.positions.size());
  }
  return request;
}

int tokens(const std::string& path) {
  OpenModel open;
  if (!open_model(path, open)) return 1;
  for (bool more = true; more;) {
    constexpr std::size_t kTogether = 8;  // as many as the session reads at once; what is done is written at once
    std::vector<ScoreRequest> requests;
    std::vector<std::string> ids;
    std::vector<std::vector<std::size_t>> ends;
    Tale tale;
    while (requests.size() < kTogether && (more = next_tale(tale))) {
      ends.emplace_back();
      ids.push_back(tale.id);
      requests.push_back(request_of(tale, open.model->tokenizer(), ends.back()));
    }
    const Result<std::vector<Score>> scores = open.session->score(requests, 0, nullptr, nullptr);
    if (!scores) return 1;
    for (std::size_t r = 0; r < requests.size(); ++r) {
      Json units = Json::array();
      for (std::size_t u = 0, at = 0; u < ends[r].size(); at = ends[r][u++]) {
        Json unit = Json::array();
        for (std::size_t t = at; t < ends[r][u]; ++t) {
          unit.push_back({requests[r].tokens[requests[r].positions[t]],
                          std::round(static_cast<double>((*scores)[r].logprobs[t]) * 1000) / 1000});
        }
        units.push_back(std::move(unit));
      }
      fmt::print("{}\n", to_line({{"id", ids[r]}, {"units", std::move(units)}}));
    }
    std::fflush(stdout);
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words[0] == "tokens") return words.size() > 1 ? tokens(words[1]) : 2;
  for (Tale tale; next_tale(tale);) arcs(tale);
  return 0;
}

}  // namespace
}  // namespace banchu

int main(int argc, char** argv) { return argc < 2 ? 2 : banchu::run({argv + 1, argv + argc}); }

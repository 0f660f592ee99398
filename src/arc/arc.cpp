#include "arc/arc.h"

#include <fmt/format.h>

#include <algorithm>

#include "arc/model_signals.h"
#include "arc/numeric.h"
#include "arc/scorer.h"
#include "arc/sentences.h"
#include "arc/turning_points.h"
#include "base/clock.h"
#include "base/digest.h"

namespace banchu {
namespace {

constexpr const char* kEngineVersion = "arc-1";
constexpr double kRepeatedWitness = 0.25;
constexpr double kLowCoverage = 0.02;

Status check_size(std::size_t bytes) {
  if (bytes <= kMaxTextBytes) return {};
  return make_error(Code::InvalidArgument, fmt::format("the text has {} bytes; the limit is {}", bytes, kMaxTextBytes),
                    "measure it volume by volume");
}

std::string digest_of(std::span<const ArcTurn> units) {
  std::string all;
  for (const ArcTurn& unit : units) all += unit.speaker + '\x1f' + unit.text + '\x1e';
  return sha256(all);
}

// How much a probe's reading of `name` counts in this language: 0 where there is none.
double share_of(const ModelReading& model, const Probe* probe, const char* name, ArcLanguage language) {
  const ProbeTarget* target = probe == nullptr ? nullptr : probe->target(name);
  return target == nullptr || model.states.empty() ? 0.0 : target->share_in(language);
}

// The lexicon's word on `name` and a probe's, both standardised, added as calibration found them to be worth.
std::vector<double> felt(const std::vector<double>& by_words, const ModelReading& model, const Probe* probe,
                         const char* name, ArcLanguage language) {
  std::vector<double> both = standardised(by_words);
  const double share = share_of(model, probe, name, language);
  if (share <= 0) return both;
  std::vector<double> read;
  for (const std::vector<float>& state : model.states) read.push_back(probe->target(name)->read(state));
  read = standardised(read);
  for (std::size_t i = 0; i < both.size(); ++i) both[i] = share * read[i] + (1 - share) * both[i];
  return standardised(both);
}

Series series_of(const Discourse& discourse, const ModelReading& model, const Probe* probe) {
  const bool is_read = share_of(model, probe, "valence", discourse.language()) > 0;
  std::vector<double> valence;
  std::vector<double> arousal;
  Series series;
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    const UnitEmotion& emotion = discourse.unit(i).emotion;
    valence.push_back(emotion.valence);
    arousal.push_back(emotion.arousal);
    const bool repeated = i > 0 && discourse.unit(i - 1).fingerprint == discourse.unit(i).fingerprint;
    const bool known = is_read || emotion.coverage > kLowCoverage;
    series.witness.push_back(repeated ? kRepeatedWitness : known ? 1.0 : 0.6);
  }
  series.valence = felt(valence, model, probe, "valence", discourse.language());
  series.arousal = felt(arousal, model, probe, "arousal", discourse.language());
  if (model.units.empty()) return series;
  std::vector<double> surprisal;
  for (const ModelSignals& signals : model.units) surprisal.push_back(signals.surprisal);
  const std::vector<double> z = standardised(surprisal);
  for (std::size_t i = 0; i < z.size(); ++i) series.arousal[i] += z[i];
  return series;
}

void fill_units(std::span<const ArcTurn> units, const Discourse& discourse, const ModelReading& model,
                const Probe* probe, Reading& reading) {
  if (!model.states.empty()) {
    for (const ProbeTarget& target : probe->targets) reading.probe_targets.push_back(target.name);
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    const UnitEmotion& emotion = discourse.unit(i).emotion;
    ArcUnit unit{units[i].speaker, units[i].text, emotion.valence, emotion.arousal, emotion.coverage, std::nullopt, {}};
    if (!model.units.empty()) unit.model = model.units[i];
    if (!model.states.empty()) {
      for (const ProbeTarget& target : probe->targets) unit.probe.push_back(target.read(model.states[i]));
    }
    reading.units.push_back(std::move(unit));
  }
}

// A language model's share of `local`; absent without one.
std::optional<double> follow_of(const ModelReading& model, const Discourse& discourse) {
  const std::vector<FollowFigures> figures = follow_figures(model.twice, discourse);
  if (figures.empty()) return std::nullopt;
  return follow_share(figures);
}

// Why this text gets no number; "" when it gets one.
std::string why_unmeasurable(const Discourse& discourse) {
  if (discourse.size() == 0) return "the text is empty";
  if (discourse.word_count() == 0) return "the text has no words";
  if (discourse.size() < kMinUnits) {
    return fmt::format("the text has {} sentence{}; structure begins at {}", discourse.size(),
                       discourse.size() == 1 ? "" : "s", kMinUnits);
  }
  if (discourse.language() == ArcLanguage::unknown) {
    return "the text is in a language for which there is no lexicon (known: English, Korean)";
  }
  return "";
}

// What a reader must know of the probe, if a model was used.
void fill_probe_note(const Probe* probe, ArcLanguage language, Reading& reading) {
  const ProbeTarget* valence = probe == nullptr ? nullptr : probe->target("valence");
  if (probe == nullptr) {
    reading.notes.push_back(
        "there is no emotion probe for this model, so valence is the lexicon's; `banchu arc calibrate --model MODEL` "
        "makes one");
  } else if (valence == nullptr || valence->share_in(language) <= 0) {
    reading.notes.push_back("the probe of this model says nothing of valence in this language: it is the lexicon's");
  }
}

void fill_notes(const Discourse& discourse, const ArcOptions& options, Reading& reading) {
  if (options.session == nullptr) {
    reading.notes.push_back("no language model was used: lexicon and rules only");
  } else {
    fill_probe_note(options.probe.get(), discourse.language(), reading);
  }
  if (discourse.language() == ArcLanguage::mixed) {
    reading.notes.push_back("the text mixes languages; each word was read in its own");
  }
  if (discourse.size() < kMinArcUnits) {
    reading.notes.push_back(fmt::format(
        "fewer than {} sentences: no arc to speak of, so peak-valley and tension are absent", kMinArcUnits));
  }
}

void fill_cost(const Discourse& discourse, std::uint64_t tokens, double began, Reading& reading) {
  reading.cost.seconds = steady_seconds() - began;
  reading.cost.tokens = tokens;
  reading.cost.words = discourse.word_count();
  if (reading.cost.words > 0) {
    reading.cost.ms_per_1000_words = reading.cost.seconds * 1e6 / static_cast<double>(reading.cost.words);
  }
}

// A probe reads one model's numbers and means nothing on another's.
Status check_probe(const ArcOptions& options) {
  if (options.session == nullptr || options.probe == nullptr) return {};
  if (options.probe->model == options.session->model().digest()) return {};
  return make_error(Code::FailedPrecondition,
                    fmt::format("the probe was made for the model {}, not for this one", options.probe->model_name),
                    "`banchu arc calibrate --model MODEL` makes one for it");
}

// A standard was calibrated without a language model, so it is asked without one.
void fill_standard(const ArcOptions& options, const std::optional<ArcSubscores>& by_words, Reading& reading) {
  if (options.standard == nullptr) return;
  reading.inputs.golden = options.standard->digest;
  reading.ceiling = options.standard->leave_one_out_median;
  if (by_words) reading.standard = standard_score(*by_words, reading.language, *options.standard);
}

}  // namespace

Status check_dials(const ArcOptions& options) {
  const auto outside = [](const char* name, double value, double low, double high) {
    return make_error(Code::InvalidArgument,
                      fmt::format("{} is {}; it must lie within {} and {}", name, value, low, high),
                      "the defaults are gamma 1 and tau 1");
  };
  if (!(options.gamma >= kMinGamma && options.gamma <= kMaxGamma)) {
    return outside("gamma", options.gamma, kMinGamma, kMaxGamma);
  }
  if (!(options.tau >= kMinTau && options.tau <= kMaxTau)) return outside("tau", options.tau, kMinTau, kMaxTau);
  return {};
}

std::vector<ArcTurn> split_sentences(std::string_view text) {
  std::size_t broken = 0;
  std::vector<ArcTurn> turns;
  for (std::string& sentence : sentences_of(clean_text(text, broken))) turns.push_back({"", std::move(sentence)});
  return turns;
}

Result<Reading> score_text(std::string_view text, const ArcOptions& options) {
  BANCHU_TRY_STATUS(check_dials(options));
  BANCHU_TRY_STATUS(check_size(text.size()));
  std::size_t broken = 0;
  std::vector<ArcTurn> turns;
  for (std::string& sentence : sentences_of(clean_text(text, broken))) turns.push_back({"", std::move(sentence)});
  BANCHU_TRY(Reading reading, score_units(turns, options));
  reading.inputs.text = sha256(text);
  if (broken > 0) reading.notes.push_back(fmt::format("{} bytes were no valid UTF-8 and were left out", broken));
  return reading;
}

Result<Reading> score_units(std::span<const ArcTurn> given, const ArcOptions& options) {
  BANCHU_TRY_STATUS(check_dials(options));
  BANCHU_TRY_STATUS(check_probe(options));
  const double began = steady_seconds();
  std::vector<ArcTurn> units;
  std::size_t broken = 0;
  for (const ArcTurn& unit : given) units.push_back({unit.speaker, clean_text(unit.text, broken)});
  std::vector<std::string_view> texts(units.size());
  std::vector<std::string> speakers(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    texts[i] = units[i].text;
    speakers[i] = units[i].speaker;
  }
  const Discourse discourse(texts);
  Reading reading;
  reading.language = discourse.language();
  reading.gamma = options.gamma;
  reading.tau = options.tau;
  reading.inputs.engine = sha256(std::string(kEngineVersion) + tables_digest());
  reading.inputs.text = digest_of(given);
  reading.reason = why_unmeasurable(discourse);
  ModelReading model;
  if (options.session != nullptr && reading.reason.empty()) {
    BANCHU_TRY(model, read_with_model(texts, *options.session, options.probe != nullptr, options.cancel));
    reading.inputs.model = options.session->model().digest();
    if (options.probe != nullptr) reading.inputs.probe = options.probe->digest;
  }
  fill_units(units, discourse, model, options.probe.get(), reading);
  fill_notes(discourse, options, reading);
  std::optional<ArcSubscores> by_words;
  if (reading.reason.empty()) {
    ArcScorer scorer(discourse, series_of(discourse, model, options.probe.get()), std::move(speakers),
                     follow_of(model, discourse), options);
    BANCHU_TRY_STATUS(scorer.run(reading));
    by_words = scorer.subscores_by_words();
    reading.turning_points = find_turning_points(discourse, kMinArcUnits);
  }
  fill_standard(options, by_words, reading);
  fill_cost(discourse, model.tokens, began, reading);
  return reading;
}

}  // namespace banchu

#include "arc/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "arc/discourse.h"
#include "arc/emotions.h"
#include "arc/numeric.h"
#include "arc/probe_states.h"
#include "arc/ridge.h"
#include "base/digest.h"

namespace banchu {
namespace {

constexpr std::size_t kLeastJudged = 30;  // sentences of a language, before a figure is made of them

// A target before its fit: which rows say it, and what.
struct Wanted {
  std::string name;
  bool is_emotion = false;
  std::vector<std::size_t> rows;
  std::vector<double> values;  // [rows]
};

std::vector<double> part_of(const std::vector<double>& all, std::span<const std::size_t> places) {
  std::vector<double> part;
  for (const std::size_t place : places) part.push_back(all[place]);
  return part;
}

std::vector<double> scaled(std::vector<double> values) {
  const double mean = mean_of(values);
  const double spread = deviation_of(values);
  for (double& value : values) value = spread > 0 ? (value - mean) / spread : 0;
  return values;
}

// Of two standardised series: Pearson's r.
double product_of(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return a.empty() ? 0 : sum / static_cast<double>(a.size());
}

// How often a row with the label stands above one without it; equal ones count one half.
double auc_of(const std::vector<double>& values, const std::vector<double>& labels) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  double below = 0, wins = 0, with = 0;
  for (std::size_t i = 0; i < order.size();) {
    double here_with = 0, here_without = 0;
    const double value = values[order[i]];
    for (; i < order.size() && values[order[i]] == value; ++i) {
      (labels[order[i]] > 0 ? here_with : here_without) += 1;
    }
    wins += here_with * (below + here_without / 2);
    below += here_without;
    with += here_with;
  }
  return with * below > 0 ? wins / (with * below) : 0.5;
}

// The share of `a` in the non-negative mix of two standardised series that is nearest to y (least squares).
double share_of(const std::vector<double>& a, const std::vector<double>& b, const std::vector<double>& y) {
  const double ay = product_of(a, y), by = product_of(b, y), ab = product_of(a, b);
  const double left = std::max(0.0, ay - ab * by);
  const double right = std::max(0.0, by - ab * ay);
  if (left + right > 0) return left / (left + right);
  return ay > by ? 1.0 : 0.0;
}

class Calibration {
 public:
  Calibration(std::span<const LabelledSet> sets, std::vector<std::vector<float>> states)
      : sets_(sets), states_(std::move(states)) {
    for (const LabelledSet& set : sets) {
      for (const LabelledSentence& sentence : set.sentences) sentences_.push_back(&sentence);
    }
    standardise_columns();
    read_words();
    put_into_folds();
  }

  std::vector<ProbeTarget> run() {
    std::map<std::vector<std::size_t>, std::vector<Wanted>> together;  // those that the same rows say
    std::vector<std::string> names;
    for (Wanted& wanted : find_targets()) {
      names.push_back(wanted.name);
      together[wanted.rows].push_back(std::move(wanted));
    }
    std::map<std::string, ProbeTarget> fitted;
    for (const auto& [rows, targets] : together) fit(rows, targets, fitted);
    std::vector<ProbeTarget> targets;
    for (const std::string& name : names) targets.push_back(std::move(fitted[name]));
    return targets;
  }

 private:
  void standardise_columns() {
    const std::size_t columns = states_.empty() ? 0 : states_.front().size();
    const auto rows = static_cast<double>(states_.size());
    means_.assign(columns, 0.0);
    spreads_.assign(columns, 0.0);
    for (const auto& state : states_) {
      for (std::size_t i = 0; i < columns; ++i) means_[i] += static_cast<double>(state[i]) / rows;
    }
    for (const auto& state : states_) {
      for (std::size_t i = 0; i < columns; ++i) {
        const double off = static_cast<double>(state[i]) - means_[i];
        spreads_[i] += off * off / rows;
      }
    }
    for (double& spread : spreads_) spread = spread > 0 ? std::sqrt(spread) : 0;
    for (auto& state : states_) {
      for (std::size_t i = 0; i < columns; ++i) {
        const double off = static_cast<double>(state[i]) - means_[i];
        state[i] = static_cast<float>(spreads_[i] > 0 ? off / spreads_[i] : 0);
      }
    }
  }

  void read_words() {
    std::vector<std::string_view> texts;
    for (const LabelledSentence* sentence : sentences_) texts.push_back(sentence->text);
    const Discourse discourse(texts);
    for (std::size_t r = 0; r < texts.size(); ++r) {
      std::size_t hangul = 0;
      for (const std::uint32_t id : discourse.words(r)) hangul += discourse.vocabulary().word(id).hangul;
      is_korean_.push_back(hangul * 2 > discourse.words(r).size());
      valence_.push_back(discourse.unit(r).emotion.valence);
      arousal_.push_back(discourse.unit(r).emotion.arousal);
    }
  }

  void put_into_folds() {
    for (const LabelledSentence* sentence : sentences_) {
      const std::string digest = sha256(sentence->group.empty() ? sentence->text : sentence->group);
      std::uint32_t number = 0;
      std::from_chars(digest.data(), digest.data() + 8, number, 16);
      folds_.push_back(number % kFolds);
    }
  }

  std::vector<Wanted> find_targets() const {
    std::vector<Wanted> targets;
    add_scale("valence", &LabelledSentence::valence, targets);
    add_scale("arousal", &LabelledSentence::arousal, targets);
    add_emotions(targets);
    return targets;
  }

  // Each file around its own mean and in its own spread.
  void add_scale(const char* name, std::optional<double> LabelledSentence::*field, std::vector<Wanted>& targets) const {
    Wanted wanted{name, false, {}, {}};
    std::size_t row = 0;
    for (const LabelledSet& set : sets_) {
      std::vector<double> values;
      for (const LabelledSentence& sentence : set.sentences) {
        if (sentence.*field) {
          wanted.rows.push_back(row);
          values.push_back(*(sentence.*field));
        }
        ++row;
      }
      const std::vector<double> own = scaled(std::move(values));
      wanted.values.insert(wanted.values.end(), own.begin(), own.end());
    }
    if (wanted.rows.size() >= kLeastSentences && deviation_of(wanted.values) > 0) targets.push_back(std::move(wanted));
  }

  void add_emotions(std::vector<Wanted>& targets) const {
    std::vector<std::size_t> rows;
    std::map<std::string, std::size_t> counts;
    for (std::size_t r = 0; r < sentences_.size(); ++r) {
      if (!sentences_[r]->labels) continue;
      rows.push_back(r);
      for (const std::string& label : *sentences_[r]->labels) ++counts[label];
    }
    for (const auto& [label, count] : counts) {
      if (count < kLeastLabelled || rows.size() - std::min(rows.size(), count) < kLeastLabelled) continue;
      Wanted wanted{label, true, rows, {}};
      for (const std::size_t r : rows) wanted.values.push_back(std::ranges::count(*sentences_[r]->labels, label) > 0);
      targets.push_back(std::move(wanted));
    }
  }

  void fit(const std::vector<std::size_t>& rows, const std::vector<Wanted>& targets,
           std::map<std::string, ProbeTarget>& fitted) const {
    RidgeProblem problem;
    problem.columns = means_.size();
    for (const std::size_t r : rows) {
      problem.x.push_back(states_[r]);
      problem.fold.push_back(folds_[r]);
    }
    for (const Wanted& wanted : targets) {
      std::vector<double> around = wanted.values;
      const double mean = mean_of(around);
      for (double& value : around) value -= mean;
      problem.y.push_back(std::move(around));
    }
    const std::vector<RidgeFit> fits = fit_ridge(problem);
    for (std::size_t t = 0; t < targets.size(); ++t) fitted[targets[t].name] = target_of(targets[t], fits[t]);
  }

  // The weights of standardised columns, as weights of the columns themselves.
  ProbeTarget target_of(const Wanted& wanted, const RidgeFit& fit) const {
    ProbeTarget target;
    target.name = wanted.name;
    target.is_emotion = wanted.is_emotion;
    target.strength = fit.strength;
    target.bias = mean_of(wanted.values);
    for (std::size_t i = 0; i < fit.weights.size(); ++i) {
      target.weights.push_back(spreads_[i] > 0 ? fit.weights[i] / spreads_[i] : 0);
      target.bias -= target.weights.back() * means_[i];
    }
    const std::vector<double> by_words = words_of(wanted);
    for (const bool korean : {false, true}) {
      std::vector<std::size_t> places;
      for (std::size_t k = 0; k < wanted.rows.size(); ++k) {
        if (is_korean_[wanted.rows[k]] == korean) places.push_back(k);
      }
      if (places.size() < kLeastJudged) continue;
      target.languages.push_back(judge(korean ? "ko" : "en", wanted, part_of(fit.predictions, places),
                                       part_of(by_words, places), part_of(wanted.values, places)));
    }
    return target;
  }

  // What the lexicon, or the word classifier, says of the same rows.
  std::vector<double> words_of(const Wanted& wanted) const {
    if (!wanted.is_emotion) return part_of(wanted.name == "valence" ? valence_ : arousal_, wanted.rows);
    const auto name = std::ranges::find(kEmotionNames, wanted.name);
    std::vector<double> values;
    for (const std::size_t r : wanted.rows) {
      const bool is_known = name != kEmotionNames.end();
      const auto place = static_cast<std::size_t>(name - kEmotionNames.begin());
      values.push_back(is_known ? classify_emotions(sentences_[r]->text).probability[place] : 0);
    }
    return values;
  }

  static ProbeLanguage judge(std::string language, const Wanted& wanted, const std::vector<double>& probe,
                             const std::vector<double>& words, const std::vector<double>& truth) {
    const std::vector<double> p = scaled(probe), w = scaled(words), y = scaled(truth);
    ProbeLanguage judged{std::move(language), truth.size(), 0, 0, 0, share_of(p, w, y)};
    std::vector<double> mixed;
    for (std::size_t i = 0; i < p.size(); ++i) mixed.push_back(judged.share * p[i] + (1 - judged.share) * w[i]);
    const auto figure = [&](const std::vector<double>& of) {
      return wanted.is_emotion ? auc_of(of, truth) : product_of(scaled(of), y);
    };
    judged.probe = figure(p);
    judged.lexicon = figure(w);
    judged.both = figure(mixed);
    return judged;
  }

  std::span<const LabelledSet> sets_;
  std::vector<std::vector<float>> states_;  // standardised
  std::vector<const LabelledSentence*> sentences_;
  std::vector<double> means_, spreads_;
  std::vector<bool> is_korean_;
  std::vector<double> valence_, arousal_;  // the lexicon's
  std::vector<std::size_t> folds_;
};

std::size_t count_of(std::span<const LabelledSet> sets) {
  std::size_t count = 0;
  for (const LabelledSet& set : sets) count += set.sentences.size();
  return count;
}

Error too_few(std::size_t count) {
  return make_error(Code::InvalidArgument, fmt::format("{} labelled sentences are too few to teach a probe", count),
                    fmt::format("{} with a valence or an arousal, or {} with a label and {} without it",
                                kLeastSentences, kLeastLabelled, kLeastLabelled));
}

}  // namespace

Result<Probe> fit_probe(std::span<const LabelledSet> sets, std::vector<std::vector<float>> states) {
  BANCHU_CHECK(states.size() == count_of(sets), "a state for each sentence");
  if (states.size() < 2 * kLeastLabelled) return too_few(states.size());
  Probe probe;
  probe.dimension = states.front().size();
  probe.targets = Calibration(sets, std::move(states)).run();
  if (probe.targets.empty()) return too_few(count_of(sets));
  for (const LabelledSet& set : sets) probe.sources.push_back({set.name, set.digest, set.sentences.size()});
  return probe;
}

Result<Probe> calibrate_probe(std::span<const LabelledSet> sets, Session& session, const CalibrateOptions& options) {
  if (count_of(sets) < 2 * kLeastLabelled) return too_few(count_of(sets));
  std::vector<std::string_view> texts;
  for (const LabelledSet& set : sets) {
    for (const LabelledSentence& sentence : set.sentences) texts.push_back(sentence.text);
  }
  BANCHU_TRY(auto states, read_states(texts, session, options.progress, options.cancel));
  BANCHU_TRY(Probe probe, fit_probe(sets, std::move(states)));
  probe.model = session.model().digest();
  probe.model_name = session.model().path().filename().string();
  return probe;
}

}  // namespace banchu

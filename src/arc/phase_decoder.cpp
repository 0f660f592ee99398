#include "arc/phase_decoder.h"

#include <algorithm>
#include <cmath>

#include "arc/numeric.h"

namespace banchu {
namespace {

// Phases in two steps, so that none is left after one place.
constexpr std::size_t kSteps = 10;
enum Step : std::size_t { kSetup, kRiseIn, kRise, kPeakIn, kPeak, kFallIn, kFall, kValleyIn, kValley, kClose };
constexpr std::array<Phase, kSteps> kPhaseOf = {Phase::setup, Phase::rise, Phase::rise,   Phase::peak,   Phase::peak,
                                                Phase::fall,  Phase::fall, Phase::valley, Phase::valley, Phase::close};
constexpr int kLevels = 9;
constexpr double kLevelStep = 0.5;  // in standard deviations of the signal; -2 .. 2
constexpr std::size_t kStates = kSteps * kLevels;

constexpr double kImpossible = -8;      // log of what A forbids: a strong series may still overrule it
constexpr double kContrastBonus = 1.0;  // log
constexpr double kSetupReach = 0.12;    // share of the text after which setup (and before which close) fades
constexpr double kTurnBonus = 0.3;
constexpr double kHalfWitness = 0.5;

// TRIPOD's five turning points: mean and spread of their positions.
constexpr std::array<std::array<double, 2>, 5> kTurns = {
    {{0.14, 0.09}, {0.32, 0.12}, {0.54, 0.10}, {0.75, 0.10}, {0.91, 0.06}}};

using Move = PhaseMoves::Move;

constexpr std::uint32_t state_of(std::size_t step, int level) {
  return static_cast<std::uint32_t>(step * kLevels + static_cast<std::size_t>(level));
}

struct StepMove {
  Step from, to;
  double log_share;
  bool turn;
};

// Where a phase may go, given how long it likes to last (in places).
std::vector<StepMove> step_moves(double dwell) {
  const double leave = exact_log(1 / dwell);
  const double stay = exact_log(1 - 1 / dwell);
  const double last = leave + exact_log(0.15);  // to the close
  const double next = leave + exact_log(0.85);
  const double half = leave + exact_log(0.5);
  return {{kSetup, kSetup, stay, false},  {kSetup, kRiseIn, half, false},  {kSetup, kFallIn, half, false},
          {kRiseIn, kRise, 0, false},     {kRise, kRise, stay, false},     {kRise, kPeakIn, next, true},
          {kRise, kClose, last, false},   {kPeakIn, kPeak, 0, false},      {kPeak, kPeak, stay, false},
          {kPeak, kFallIn, next, true},   {kPeak, kClose, last, false},    {kFallIn, kFall, 0, false},
          {kFall, kFall, stay, false},    {kFall, kValleyIn, next, true},  {kFall, kClose, last, false},
          {kValleyIn, kValley, 0, false}, {kValley, kValley, stay, false}, {kValley, kRiseIn, next, true},
          {kValley, kClose, last, false}, {kClose, kClose, 0, false}};
}

// log share of moving by `by` levels in a phase; `pace` is the share of places at which a rise climbs.
double log_level_share(Phase phase, int by, double pace) {
  const double drift = phase == Phase::rise ? 1 : phase == Phase::fall ? -1 : 0;
  const double wander = pace / 8;
  if (by == 0) return exact_log(1 - (drift == 0 ? 2 * wander : pace + wander));
  return exact_log(by * drift > 0 ? pace : wander);
}

std::vector<Move> moves_of(std::size_t places, double gamma, double floor) {
  const double dwell = std::max(2.0, static_cast<double>(places) / 8);
  const double pace = std::min(0.5, 4 / dwell);
  std::vector<Move> moves;
  for (const StepMove& step : step_moves(dwell)) {
    for (int level = 0; level < kLevels; ++level) {
      for (int by = -1; by <= 1; ++by) {
        if (level + by < 0 || level + by >= kLevels) continue;
        const double log_share = step.log_share + log_level_share(kPhaseOf[step.to], by, pace);
        const double weight = exact_exp(gamma * log_share) - floor;
        if (weight > 0) moves.push_back({state_of(step.from, level), state_of(step.to, level + by), weight, step.turn});
      }
    }
  }
  return moves;
}

// Potential of a phase at a position in [0, 1].
double position_potential(Phase phase, double at) {
  if (phase == Phase::setup) return exact_exp(-std::max(0.0, at - kSetupReach) / kSetupReach);
  if (phase == Phase::close) return exact_exp(-std::max(0.0, 1 - kSetupReach - at) / kSetupReach);
  if (phase != Phase::peak && phase != Phase::valley) return 1;
  double best = 0;
  for (const auto& [mean, spread] : kTurns) {
    const double far = (at - mean) / spread;
    best = std::max(best, exact_exp(-0.5 * far * far));
  }
  return exact_exp(kTurnBonus * best);
}

// A peak at the lowest level, or a valley at the highest, is hard to believe.
using LevelPotentials = std::array<std::array<double, kLevels>, kSteps>;
const LevelPotentials& level_potentials() {
  static const LevelPotentials potentials = [] {
    LevelPotentials all{};
    for (std::size_t step = 0; step < kSteps; ++step) {
      for (int level = 0; level < kLevels; ++level) {
        const double height = (level - kLevels / 2) * kLevelStep;
        const double side = kPhaseOf[step] == Phase::peak ? height : kPhaseOf[step] == Phase::valley ? -height : 0.0;
        all[step][static_cast<std::size_t>(level)] = exact_exp(0.5 * std::min(0.0, side));
      }
    }
    return all;
  }();
  return potentials;
}

using StateRow = std::array<double, kStates>;

class PhaseDecoder {
 public:
  PhaseDecoder(std::span<const Place> places, const PhaseMoves& moves, const DecoderRules& rules)
      : places_(places), rules_(rules), floor_(moves.floor()), moves_(moves.moves()) {
    std::vector<double> z;
    for (const Place& place : places) z.push_back(place.value);
    share_ = signal_share_of(z);
    for (std::uint32_t level = 0; level < kLevels; ++level) {
      level_values_[level] = (static_cast<int>(level) - kLevels / 2) * kLevelStep * std::sqrt(share_);
    }
    emissions_.resize(places.size());
    for (std::size_t t = 0; t < places.size(); ++t) emit(t);
  }

  Decoded run(bool with_phases) {
    Decoded decoded;
    decoded.signal_share = share_;
    forward();
    backward_and_arc(decoded);
    if (with_phases) viterbi(decoded);
    decoded.gain = (log_moving_ - log_still()) / static_cast<double>(places_.size());
    return decoded;
  }

 private:
  // How much a place's evidence counts: repeated units say nothing new.
  double witness(std::size_t t) const {
    return rules_.repetition ? places_[t].witness : std::max(kHalfWitness, places_[t].witness);
  }
  double turn_factor(std::size_t t) const {
    static const double factor = exact_exp(kContrastBonus);
    return rules_.contrast && places_[t].contrast ? factor : 1;
  }

  void emit(std::size_t t) {
    const double at = places_.size() > 1 ? static_cast<double>(t) / static_cast<double>(places_.size() - 1) : 0;
    std::array<double, kLevels> by_level{};
    for (std::size_t level = 0; level < kLevels; ++level) {
      const double away = places_[t].value - level_values_[level];
      by_level[level] = exact_exp(-0.5 * away * away / (1 - share_) * witness(t));
    }
    for (std::size_t step = 0; step < kSteps; ++step) {
      const double position = rules_.position ? position_potential(kPhaseOf[step], at) : 1;
      for (std::size_t level = 0; level < kLevels; ++level) {
        emissions_[t][step * kLevels + level] = by_level[level] * position * level_potentials()[step][level];
      }
    }
  }

  StateRow begin() const {
    StateRow row{};
    for (int level = 0; level < kLevels; ++level) {
      for (const Step step : {kSetup, kRiseIn, kFallIn}) row[state_of(step, level)] = step == kSetup ? 0.5 : 0.25;
    }
    return row;
  }

  static double normalise(StateRow& row) {
    double sum = 0;
    for (const double value : row) sum += value;
    for (double& value : row) value /= sum;
    return sum;
  }

  void forward() {
    forward_.resize(places_.size());
    for (std::size_t t = 0; t < places_.size(); ++t) {
      StateRow& row = forward_[t];
      if (t == 0) {
        row = begin();
      } else {
        row.fill(floor_);  // the scaled row before sums to 1
        const double turn = turn_factor(t);
        for (const Move& move : moves_)
          row[move.to] += forward_[t - 1][move.from] * move.weight * (move.turn ? turn : 1);
      }
      for (std::size_t s = 0; s < kStates; ++s) row[s] *= emissions_[t][s];
      log_moving_ += exact_log(normalise(row));
    }
  }

  void backward_and_arc(Decoded& decoded) {
    const std::size_t count = places_.size();
    decoded.arc.resize(count);
    posteriors_.resize(count);
    StateRow ahead;
    ahead.fill(1);
    for (std::size_t t = count; t-- > 0;) {
      StateRow joint;
      for (std::size_t s = 0; s < kStates; ++s) joint[s] = forward_[t][s] * ahead[s];
      normalise(joint);
      double mean = 0;
      posteriors_[t] = {};
      for (std::uint32_t s = 0; s < kStates; ++s) {
        mean += joint[s] * level_values_[s % kLevels];
        posteriors_[t][static_cast<std::size_t>(kPhaseOf[s / kLevels])] += joint[s];
      }
      decoded.arc[t] = mean;
      if (t > 0) ahead = step_back(ahead, t);
    }
  }

  StateRow step_back(const StateRow& ahead, std::size_t t) const {
    StateRow seen;
    double all = 0;
    for (std::size_t s = 0; s < kStates; ++s) all += seen[s] = ahead[s] * emissions_[t][s];
    StateRow row;
    row.fill(floor_ * all);
    const double turn = turn_factor(t);
    for (const Move& move : moves_) row[move.from] += seen[move.to] * move.weight * (move.turn ? turn : 1);
    normalise(row);
    return row;
  }

  // The most likely path, in scaled products.
  void viterbi(Decoded& decoded) const {
    const std::size_t count = places_.size();
    std::vector<std::array<std::uint8_t, kStates>> came(count);
    StateRow row = begin();
    for (std::size_t s = 0; s < kStates; ++s) row[s] *= emissions_[0][s];
    for (std::size_t t = 1; t < count; ++t) {
      const auto top = static_cast<std::uint8_t>(std::max_element(row.begin(), row.end()) - row.begin());
      const double scale = row[top];
      StateRow next;
      next.fill(floor_);
      came[t].fill(top);
      for (const Move& move : moves_) {
        const double value = row[move.from] / scale * (move.weight + floor_) * (move.turn ? turn_factor(t) : 1);
        if (value > next[move.to]) {
          next[move.to] = value;
          came[t][move.to] = static_cast<std::uint8_t>(move.from);
        }
      }
      for (std::size_t s = 0; s < kStates; ++s) row[s] = next[s] * emissions_[t][s];
    }
    auto at = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    decoded.phases.resize(count);
    decoded.certainty.resize(count);
    for (std::size_t t = count; t-- > 0;) {
      decoded.phases[t] = kPhaseOf[at / kLevels];
      decoded.certainty[t] = posteriors_[t][static_cast<std::size_t>(decoded.phases[t])];
      at = came[t][at];
    }
  }

  // The same emissions under one level that never moves (the middle one).
  double log_still() const {
    double sum = 0;
    for (std::size_t t = 0; t < places_.size(); ++t) {
      // The narrower noise of the moving story pays its normalisation here.
      sum += 0.5 * (exact_log(1 - share_) - places_[t].value * places_[t].value) * witness(t);
    }
    return sum;
  }

  std::span<const Place> places_;
  DecoderRules rules_;
  double floor_;
  double share_ = 0;
  double log_moving_ = 0;
  std::span<const Move> moves_;
  std::array<double, kLevels> level_values_{};
  std::vector<StateRow> emissions_;
  std::vector<StateRow> forward_;
  std::vector<std::array<double, kPhases>> posteriors_;
};

}  // namespace

std::vector<double> standardised(std::span<const double> values) {
  const double mean = mean_of(values);
  const double deviation = deviation_of(values);
  std::vector<double> z;
  z.reserve(values.size());
  for (const double value : values) z.push_back(deviation > 1e-12 ? (value - mean) / deviation : 0);
  return z;
}

double signal_share_of(std::span<const double> z) {
  const std::size_t lags = std::max<std::size_t>(2, z.size() / 20);
  double sum = 0;
  double pairs = 0;
  for (std::size_t lag = 1; lag <= lags && lag < z.size(); ++lag) {
    for (std::size_t t = lag; t < z.size(); ++t) sum += z[t] * z[t - lag];
    pairs += static_cast<double>(z.size() - lag);
  }
  return std::clamp(pairs > 0 ? sum / pairs : 0.0, 0.02, 0.9);
}

PhaseMoves::PhaseMoves(std::size_t places, double gamma)
    : places_(places), floor_(exact_exp(gamma * kImpossible)), moves_(moves_of(places, gamma, floor_)) {}

Decoded decode_phases(std::span<const Place> places, const PhaseMoves& moves, const DecoderRules& rules,
                      bool with_phases) {
  if (places.size() < 2) {
    return {std::vector<double>(places.size(), 0.0), std::vector<Phase>(places.size(), Phase::setup),
            std::vector<double>(places.size(), 0.0), 0, 0};
  }
  return PhaseDecoder(places, moves, rules).run(with_phases);
}

}  // namespace banchu

#include <gtest/gtest.h>

#include <cmath>

#include "arc/extrema.h"
#include "arc/numeric.h"
#include "arc/phase_decoder.h"
#include "arc/shuffle.h"

namespace banchu {
namespace {

constexpr double kPi = 3.14159265358979;

std::vector<Place> places_of(const std::vector<double>& values) {
  std::vector<Place> places;
  for (const double z : standardised(values)) places.push_back({z, 1, false});
  return places;
}

// One hill and one hole under noise that is as strong as they are.
std::vector<double> noisy_wave(std::size_t count, double noise, std::vector<double>* clean) {
  Rng rng(3);
  std::vector<double> values;
  for (std::size_t t = 0; t < count; ++t) {
    const double wave = std::sin(2 * kPi * static_cast<double>(t) / static_cast<double>(count));
    if (clean != nullptr) clean->push_back(wave);
    values.push_back(wave + noise * rng.normal());
  }
  return values;
}

TEST(PhaseDecoder, FindsTheWaveUnderNoise) {
  std::vector<double> clean;
  const std::vector<double> noisy = noisy_wave(120, 1.0, &clean);
  const Decoded decoded = decode_phases(places_of(noisy), PhaseMoves(120, 1));
  EXPECT_GT(rank_correlation(decoded.arc, clean), 0.85);
  EXPECT_LT(rank_correlation(noisy, clean), 0.75) << "the raw series is much worse";
}

TEST(PhaseDecoder, NoiseInFlatArcOut) {
  Rng rng(5);
  std::vector<double> noise;
  for (int t = 0; t < 120; ++t) noise.push_back(rng.normal());
  const Decoded sham = decode_phases(places_of(noise), PhaseMoves(120, 1));
  const Decoded real = decode_phases(places_of(noisy_wave(120, 1.0, nullptr)), PhaseMoves(120, 1));
  EXPECT_LT(deviation_of(sham.arc), 0.5 * deviation_of(real.arc));
  EXPECT_LT(sham.gain, real.gain);
}

TEST(PhaseDecoder, ThePeakIsCalledAPeakAndTheValleyAValley) {
  const Decoded decoded = decode_phases(places_of(noisy_wave(80, 0.2, nullptr)), PhaseMoves(80, 1));
  EXPECT_TRUE(decoded.phases[20] == Phase::peak || decoded.phases[22] == Phase::peak ||
              decoded.phases[18] == Phase::peak);
  EXPECT_TRUE(decoded.phases[60] == Phase::valley || decoded.phases[58] == Phase::valley ||
              decoded.phases[62] == Phase::valley);
}

TEST(PhaseDecoder, NoPhaseBetweenOthersLastsOnePlace) {
  const Decoded decoded = decode_phases(places_of(noisy_wave(150, 1.5, nullptr)), PhaseMoves(150, 1));
  std::size_t run = 1;
  std::size_t runs = 0;
  for (std::size_t t = 1; t < decoded.phases.size(); ++t) {
    if (decoded.phases[t] == decoded.phases[t - 1]) {
      ++run;
    } else {
      if (runs++ > 0) {
        EXPECT_GE(run, 2u) << "before place " << t;
      }
      run = 1;
    }
  }
}

TEST(PhaseDecoder, GammaStiffensTheArc) {
  const std::vector<Place> places = places_of(noisy_wave(100, 1.5, nullptr));
  const auto variation = [&](double gamma) {
    return find_extrema(decode_phases(places, PhaseMoves(100, gamma)).arc, 0, 1).variation;
  };
  EXPECT_GT(variation(0), variation(1));
}

TEST(PhaseDecoder, AContrastMakesATurnCheaper) {
  std::vector<Place> places = places_of(noisy_wave(60, 0.8, nullptr));
  const PhaseMoves moves(60, 1);
  const std::vector<double> plain = decode_phases(places, moves).arc;
  places[30].contrast = true;
  EXPECT_NE(decode_phases(places, moves).arc, plain);
  EXPECT_EQ(decode_phases(places, moves, {false, true, true}).arc, plain) << "the rule is switched off";
}

TEST(PhaseDecoder, OneAndNoPlacesAreNoTrouble) {
  EXPECT_TRUE(decode_phases({}, PhaseMoves(0, 1)).arc.empty());
  EXPECT_EQ(decode_phases(std::vector<Place>(1), PhaseMoves(1, 1)).phases[0], Phase::setup);
  EXPECT_EQ(decode_phases(std::vector<Place>(40), PhaseMoves(40, 1)).arc.size(), 40u) << "a constant series";
}

TEST(Extrema, KeepWhatPersistsAndCancelWhatDoesNot) {
  const std::vector<double> series = {0, 3, 2.5, 4, 0, 1, 0.9, 5};
  const Extrema all = find_extrema(series, 0, 1);
  EXPECT_EQ(all.peaks.size(), 3u);
  const Extrema kept = find_extrema(series, 2, 1);
  ASSERT_EQ(kept.peaks.size(), 1u);
  EXPECT_EQ(kept.peaks[0].at, 3u);
  ASSERT_EQ(kept.valleys.size(), 1u);
  EXPECT_EQ(kept.valleys[0].at, 4u);
  EXPECT_DOUBLE_EQ(kept.valleys[0].prominence, 4);
  EXPECT_DOUBLE_EQ(kept.persistence, 4 + 4 + 5);
}

TEST(Extrema, AFlatTopIsOnePeak) {
  const std::vector<double> series = {0, 2, 2, 2, 0};
  const Extrema found = find_extrema(series, 0.5, 1);
  ASSERT_EQ(found.peaks.size(), 1u);
  EXPECT_EQ(found.peaks[0].at, 2u);
  EXPECT_TRUE(find_extrema(std::vector<double>{1, 1, 1}, 1, 1).peaks.empty());
  EXPECT_TRUE(find_extrema({}, 1, 1).peaks.empty());
}

TEST(Shuffles, KeepBlocksWholeAndNeverAnswerTheOriginal) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const std::vector<std::uint32_t> order = shuffled_blocks(10, 5, rng);
    EXPECT_EQ(order, (std::vector<std::uint32_t>{5, 6, 7, 8, 9, 0, 1, 2, 3, 4}));
  }
  Rng rng(1);
  EXPECT_EQ(shuffled_blocks(3, 5, rng), (std::vector<std::uint32_t>{0, 1, 2}));
}

}  // namespace
}  // namespace banchu

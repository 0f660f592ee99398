// Readings made from the golden set's own labels, so that pictures and series can be tested without the engine.
#pragma once

#include <cmath>
#include <string>

#include "arc/golden.h"
#include "arc/reading.h"

namespace banchu {

// As if the engine had seen exactly what the labeller saw.
inline Reading labelled_reading(const std::string& id) {
  const GoldenSet set = *shipped_golden();
  Reading reading;
  for (const GoldenStory& story : set.stories) {
    if (story.episode.id != id) continue;
    for (std::size_t i = 0; i < story.episode.units.size(); ++i) {
      ArcUnit unit;
      unit.text = story.episode.units[i];
      unit.valence = story.valence[i] / 3 + 0.3 * std::sin(static_cast<double>(i) * 2.1);
      reading.units.push_back(unit);
      double sum = 0, weights = 0;
      for (std::size_t j = 0; j < story.valence.size(); ++j) {
        const double far = (static_cast<double>(i) - static_cast<double>(j)) / 1.5;
        sum += std::exp(-far * far / 2) * story.valence[j] / 2;
        weights += std::exp(-far * far / 2);
      }
      reading.arc.push_back(sum / weights);
    }
    reading.phases = story.episode.phases;
    for (const std::size_t at : story.episode.peaks) reading.peaks.push_back({at, 1.8});
    for (const std::size_t at : story.episode.valleys) reading.valleys.push_back({at, 2.1});
  }
  reading.coherence = 83;
  reading.standard = 88;
  reading.interval = {77, 91};
  reading.null = 41;
  reading.ceiling = 93;
  reading.evidence = {{12, -6, "article", "\"the letter\" before any letter"},
                      {20, -2, "pronoun", "\"he\", and nobody before"},
                      {5, 1.5, "connective", "\"but\" announces a turn that comes"}};
  reading.inputs.engine = "0123456789abcdef";
  reading.inputs.text = "fedcba9876543210";
  return reading;
}

}  // namespace banchu

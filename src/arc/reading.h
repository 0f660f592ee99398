// Hand-over of arc/: what the measuring engine read in one text. Plain data.
//
// Positions are units (sentences of a story, turns of a conversation), counted from 0. A number that could not be
// measured is absent, never zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace banchu {

// Where a story stands, in the order in which it moves (narrative decoder states).
enum class Phase : std::uint8_t { setup, rise, peak, fall, valley, close };
inline constexpr std::size_t kPhases = 6;
inline constexpr std::array<const char*, kPhases> kPhaseNames = {"setup", "rise", "peak", "fall", "valley", "close"};

// Where a story turns (TRIPOD's five).
inline constexpr std::size_t kTurningPoints = 5;
inline constexpr std::array<const char*, kTurningPoints> kTurningPointNames = {
    "opportunity", "change of plans", "point of no return", "setback", "climax"};

enum class ArcLanguage : std::uint8_t { unknown, english, korean, mixed };
inline constexpr std::array<const char*, 4> kArcLanguageNames = {"unknown", "en", "ko", "mixed"};

// What a language model adds to a unit; in nats a token.
struct ModelSignals {
  double surprisal = 0;     // -mean log p(token | everything before)
  double context_gain = 0;  // mean log p(. | context) - mean log p(. | nothing)
  double entropy = 0;       // of the next token where the unit begins
};

struct ArcUnit {
  std::string speaker;  // "" in a story
  std::string text;
  double valence = 0;   // -1 .. 1, shrunk towards 0 where few words are known
  double arousal = 0;   // 0 .. 1
  double coverage = 0;  // share of words that the lexicon knows
  std::optional<ModelSignals> model;
  std::vector<double> probe = {};  // what an emotion probe reads, in the order of Reading.probe_targets; else empty
};

struct PhaseSpan {
  Phase phase = Phase::setup;
  std::size_t begin = 0;  // first unit
  std::size_t end = 0;    // one behind the last
};

struct Extremum {
  std::size_t at = 0;     // the unit
  double prominence = 0;  // topological persistence, in standard deviations of the arc
};

// One rule that fired: the points of coherence it took (negative) or gave.
struct Evidence {
  std::size_t unit = 0;
  double points = 0;
  std::string rule;    // "article", "pronoun", "repetition", ... (see docs/arc.md)
  std::string detail;  // what a person wants to see: the word, the earlier unit
};

// Each in [0, 1], 0 at chance, 1 at the ceiling; absent where the text gives nothing to measure it by.
struct ArcSubscores {
  std::optional<double> order;
  std::optional<double> local;
  std::optional<double> peak_valley;
  std::optional<double> tension;
  std::optional<double> entities;
  std::optional<double> consistency;
};

struct GridCell {
  double gamma = 1;
  double tau = 1;
  double coherence = 0;
};

struct ArcCost {
  double seconds = 0;
  std::uint64_t tokens = 0;  // a language model's; 0 without one
  std::uint64_t words = 0;
  double ms_per_1000_words = 0;
};

// SHA-256 of everything that the numbers depend on; "" where it played no part.
struct ArcInputs {
  std::string engine;  // version and every embedded table and weight
  std::string golden;
  std::string text;
  std::string model;
  std::string probe;
};

struct Reading {
  std::optional<double> coherence;                // 0 .. 100
  std::optional<double> standard;                 // 0 .. 100, agreement with the golden set in force
  std::string reason;                             // why a number above is absent
  std::optional<std::array<double, 2>> interval;  // of coherence, 95 %
  std::optional<double> robust;                   // the median coherence over the grid
  std::optional<double> null;                     // the median coherence of this text's own shuffles
  std::optional<double> ceiling;                  // the golden set's leave-one-out median
  ArcSubscores subscores;

  ArcLanguage language = ArcLanguage::unknown;
  double gamma = 1;
  double tau = 1;
  std::vector<ArcUnit> units;
  std::vector<std::string> probe_targets;  // "valence", "arousal", emotions; empty without a probe
  std::vector<double> arc;  // posterior mean of the valence at each unit, in standard deviations of the text's own
  std::vector<PhaseSpan> phases;
  std::vector<Extremum> peaks;
  std::vector<Extremum> valleys;
  std::vector<std::size_t> turning_points;  // units, kTurningPoints of them; empty where the text is too short
  std::vector<GridCell> grid;
  std::vector<Evidence> evidence;  // worst first
  std::vector<std::string> notes;  // what a reader of the numbers must know ("no language model was used")
  ArcCost cost;
  ArcInputs inputs;
};

}  // namespace banchu

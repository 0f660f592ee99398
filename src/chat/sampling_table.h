// The sampling table as a user sees it: the name, the range and the meaning of every number in model/sampling.h.
// One table serves the persona file, `/set` and `/show`.
//
// Ranges: wider than what the founding essay recommends (temperature .7-.8, top-p .9, top-k 40-50, min-p .05, frequency
// .1-.3, presence .1-.2, repetition 1.1-1.15), and narrow enough that a slip of the finger is seen.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/sampling.h"

namespace banchu {

inline constexpr double kBiasRange = 100;  // -100 bans a word
inline constexpr std::size_t kMaxWordBiases = 256;
inline constexpr std::size_t kMaxStops = 32;

struct Knob {
  std::string_view name;
  double low;
  double high;
  bool is_whole;          // only whole numbers
  std::string_view what;  // for /show
  double (*get)(const SamplingOptions&);
  void (*set)(SamplingOptions&, double);
};
std::span<const Knob> knobs();
const Knob* find_knob(std::string_view name);  // nullptr for a name that is none

// Errors: InvalidArgument, naming `what`, the knob, its range and what stood there instead.
Status set_knob(SamplingOptions& sampling, const Knob& knob, const Json& value, const std::string& what);
// A bias for a whole word; the same word again replaces it, 0 takes it away.
Status set_word_bias(SamplingOptions& sampling, const std::string& word, const Json& bias, const std::string& what);

// "0.75", "45": as short as it can be said.
std::string format_knob(const Knob& knob, const SamplingOptions& sampling);

}  // namespace banchu

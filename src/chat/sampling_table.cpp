#include "chat/sampling_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace banchu {
namespace {

using S = SamplingOptions;

constexpr std::array<Knob, 8> kKnobs = {{
    {"temperature", 0, 2, false, "how freely words are drawn; 0 always takes the likeliest",
     [](const S& s) -> double { return s.temperature; }, [](S& s, double v) { s.temperature = static_cast<float>(v); }},
    {"top_p", 0.01, 1, false, "draws among the likeliest words that together have this probability",
     [](const S& s) -> double { return s.top_p; }, [](S& s, double v) { s.top_p = static_cast<float>(v); }},
    {"top_k", 0, 1000, true, "draws among this many words; 0: off", [](const S& s) -> double { return s.top_k; },
     [](S& s, double v) { s.top_k = static_cast<int>(v); }},
    {"min_p", 0, 1, false, "drops words less likely than this share of the likeliest",
     [](const S& s) -> double { return s.min_p; }, [](S& s, double v) { s.min_p = static_cast<float>(v); }},
    {"frequency_penalty", -2, 2, false, "against each repetition within a reply",
     [](const S& s) -> double { return s.frequency_penalty; },
     [](S& s, double v) { s.frequency_penalty = static_cast<float>(v); }},
    {"presence_penalty", -2, 2, false, "against any word that the reply already has",
     [](const S& s) -> double { return s.presence_penalty; },
     [](S& s, double v) { s.presence_penalty = static_cast<float>(v); }},
    {"repetition_penalty", 0.5, 2, false, "divides the weight of words that the reply already has; 1: off",
     [](const S& s) -> double { return s.repetition_penalty; },
     [](S& s, double v) { s.repetition_penalty = static_cast<float>(v); }},
    {"max_tokens", 1, 32768, true, "longest reply", [](const S& s) -> double { return s.max_tokens; },
     [](S& s, double v) { s.max_tokens = static_cast<int>(v); }},
}};

Result<double> number_in_range(const Json& value, std::string_view name, double low, double high, bool is_whole,
                               const std::string& what) {
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  const bool fits = number >= low && number <= high && (!is_whole || number == std::floor(number));
  if (fits) return number;
  return make_error(Code::InvalidArgument, fmt::format("{}: {} is {}", what, name, shorten(to_line(value), 40)),
                    fmt::format("{} must be a {}number between {} and {}", name, is_whole ? "whole " : "", low, high));
}

}  // namespace

std::span<const Knob> knobs() { return kKnobs; }

const Knob* find_knob(std::string_view name) {
  const auto found = std::find_if(kKnobs.begin(), kKnobs.end(), [&](const Knob& knob) { return knob.name == name; });
  return found == kKnobs.end() ? nullptr : &*found;
}

Status set_knob(SamplingOptions& sampling, const Knob& knob, const Json& value, const std::string& what) {
  BANCHU_TRY(const double number, number_in_range(value, knob.name, knob.low, knob.high, knob.is_whole, what));
  knob.set(sampling, number);
  return {};
}

Status set_word_bias(SamplingOptions& sampling, const std::string& word, const Json& bias, const std::string& what) {
  const std::string name = nfc(trim(word));
  if (name.empty()) return make_error(Code::InvalidArgument, what + ": logit_bias names an empty word");
  const std::string place = fmt::format("logit_bias \"{}\"", name);
  BANCHU_TRY(const double number, number_in_range(bias, place, -kBiasRange, kBiasRange, false, what));
  std::vector<WordBias>& biases = sampling.word_bias;
  std::erase_if(biases, [&](const WordBias& known) { return known.word == name; });
  if (number == 0) return {};
  if (biases.size() >= kMaxWordBiases) {
    return make_error(Code::InvalidArgument, fmt::format("{}: more than {} words in logit_bias", what, kMaxWordBiases));
  }
  biases.push_back({name, static_cast<float>(number)});
  return {};
}

std::string format_knob(const Knob& knob, const SamplingOptions& sampling) {
  return fmt::format("{:.6g}", knob.get(sampling));
}

}  // namespace banchu

#include "arc/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "embedded/probes.h"

namespace banchu {
namespace {

constexpr const char* kFormat = "banchu-probe";
constexpr int kVersion = 1;
constexpr std::uint64_t kMostBytes = 64u << 20;

// Six digits: what a weight is sure of, and half the file.
double short_of(double value) { return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr); }

Json target_to_json(const ProbeTarget& target) {
  Json languages = Json::array();
  for (const ProbeLanguage& language : target.languages) {
    languages.push_back({{"language", language.language},
                         {"rows", language.rows},
                         {"figure", target.is_emotion ? "auc" : "r"},
                         {"probe", short_of(language.probe)},
                         {"lexicon", short_of(language.lexicon)},
                         {"both", short_of(language.both)},
                         {"share", short_of(language.share)}});
  }
  Json weights = Json::array();
  for (const double weight : target.weights) weights.push_back(short_of(weight));
  return {{"name", target.name},           {"kind", target.is_emotion ? "emotion" : "scale"},
          {"ridge", target.strength},      {"cross_validated", std::move(languages)},
          {"bias", short_of(target.bias)}, {"weights", std::move(weights)}};
}

// Reads the fields of one file; the first fault is kept.
class ProbeReader {
 public:
  explicit ProbeReader(std::string name) : name_(std::move(name)) {}

  Result<Probe> read(const Json& json) {
    if (!json.is_object() || string_at(json, "format") != kFormat) return fault("format");
    if (number_at(json, "version") != kVersion) return fault("version");
    Probe probe;
    const Json model = json.value("model", Json::object());
    probe.model = string_at(model, "digest");
    probe.model_name = string_at(model, "name");
    const double dimension = number_at(model, "dimension");
    if (probe.model.size() != 64) return fault("model.digest");
    if (!(dimension >= 1 && dimension <= 1 << 20)) return fault("model.dimension");
    probe.dimension = static_cast<std::size_t>(dimension);
    for (const Json& target : json.value("targets", Json::array())) {
      BANCHU_TRY(ProbeTarget read, read_target(target, probe.dimension));
      probe.targets.push_back(std::move(read));
    }
    if (probe.targets.empty()) return fault("targets");
    for (const Json& source : json.value("data", Json::array())) {
      probe.sources.push_back({string_at(source, "name"), string_at(source, "digest"),
                               static_cast<std::size_t>(std::max(0.0, number_at(source, "rows")))});
    }
    return probe;
  }

 private:
  Error fault(const std::string& field) const {
    return make_error(Code::InvalidArgument, fmt::format("{} is no probe: {} is missing or wrong", name_, field),
                      "make one with `banchu arc calibrate --model MODEL`");
  }

  Result<ProbeTarget> read_target(const Json& json, std::size_t dimension) const {
    ProbeTarget target;
    target.name = string_at(json, "name");
    if (target.name.empty()) return fault("targets[].name");
    target.is_emotion = string_at(json, "kind") == "emotion";
    target.strength = number_at(json, "ridge");
    target.bias = number_at(json, "bias");
    const auto weights = json.find("weights");
    const bool is_list = weights != json.end() && weights->is_array() && weights->size() == dimension;
    if (!is_list || !std::ranges::all_of(*weights, [](const Json& w) { return w.is_number(); })) {
      return fault(target.name + ".weights");
    }
    for (const Json& weight : *weights) target.weights.push_back(weight.get<double>());
    for (const Json& row : json.value("cross_validated", Json::array())) {
      target.languages.push_back({string_at(row, "language"),
                                  static_cast<std::size_t>(std::max(0.0, number_at(row, "rows"))),
                                  number_at(row, "probe"), number_at(row, "lexicon"), number_at(row, "both"),
                                  std::clamp(number_at(row, "share"), 0.0, 1.0)});
    }
    return target;
  }

  std::string name_;
};

}  // namespace

double ProbeTarget::read(std::span<const float> state) const {
  double sum = bias;
  for (std::size_t i = 0; i < std::min(state.size(), weights.size()); ++i) {
    sum += weights[i] * static_cast<double>(state[i]);
  }
  return sum;
}

double ProbeTarget::share_in(ArcLanguage language) const {
  const std::string wanted = language == ArcLanguage::korean ? "ko" : "en";
  const auto found = std::ranges::find(languages, wanted, &ProbeLanguage::language);
  return found == languages.end() ? 0.0 : found->share;
}

const ProbeTarget* Probe::target(std::string_view name) const {
  const auto found = std::ranges::find(targets, name, &ProbeTarget::name);
  return found == targets.end() ? nullptr : &*found;
}

std::string probe_text(const Probe& probe) {
  Json targets = Json::array();
  for (const ProbeTarget& target : probe.targets) targets.push_back(target_to_json(target));
  Json sources = Json::array();
  for (const ProbeSource& source : probe.sources) {
    sources.push_back({{"name", source.name}, {"digest", source.digest}, {"rows", source.rows}});
  }
  const Json json = {
      {"format", kFormat},
      {"version", kVersion},
      {"model", {{"digest", probe.model}, {"name", probe.model_name}, {"dimension", probe.dimension}}},
      {"reads", "the last layer behind its norm, at the mark that closes a sentence read alone behind a line break"},
      {"data", std::move(sources)},
      {"targets", std::move(targets)}};
  return to_line(json) + "\n";
}

Result<Probe> parse_probe(std::string_view text, const std::string& name) {
  BANCHU_TRY(const Json json, parse_json(text, name));
  BANCHU_TRY(Probe probe, ProbeReader(name).read(json));
  probe.digest = sha256(text);
  return probe;
}

Result<Probe> load_probe(const std::filesystem::path& path) {
  BANCHU_TRY(const std::string text, read_file(path, kMostBytes));
  return parse_probe(text, path.string());
}

std::optional<Probe> shipped_probe(const std::string& model_digest) {
  for (const std::string_view text : {embedded::probes_smollm2_135m_instruct_q4_1_json}) {
    Result<Probe> probe = parse_probe(text, "a shipped probe");
    if (probe && probe->model == model_digest) return std::move(*probe);
  }
  return std::nullopt;
}

}  // namespace banchu

#include "arc/reading_json.h"

#include <cmath>

namespace banchu {
namespace {

constexpr double kDecimals = 1e6;

double rounded(double value) { return std::round(value * kDecimals) / kDecimals; }

Json number_or_null(const std::optional<double>& value) { return value ? Json(rounded(*value)) : Json(nullptr); }

Json unit_to_json(const ArcUnit& unit, const std::vector<std::string>& probe_targets) {
  Json json = {{"text", unit.text},
               {"valence", rounded(unit.valence)},
               {"arousal", rounded(unit.arousal)},
               {"coverage", rounded(unit.coverage)}};
  if (!unit.speaker.empty()) json["speaker"] = unit.speaker;
  if (unit.model) {
    json["surprisal"] = rounded(unit.model->surprisal);
    json["context_gain"] = rounded(unit.model->context_gain);
    json["entropy"] = rounded(unit.model->entropy);
  }
  for (std::size_t t = 0; t < unit.probe.size(); ++t) json["probe"][probe_targets[t]] = rounded(unit.probe[t]);
  return json;
}

Json subscores_to_json(const ArcSubscores& scores) {
  return {{"order", number_or_null(scores.order)},
          {"local", number_or_null(scores.local)},
          {"peak_valley", number_or_null(scores.peak_valley)},
          {"tension", number_or_null(scores.tension)},
          {"entities", number_or_null(scores.entities)},
          {"consistency", number_or_null(scores.consistency)}};
}

template <typename Items, typename Function>
Json list_of(const Items& items, const Function& to_json) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

Json extrema_to_json(const std::vector<Extremum>& extrema) {
  return list_of(extrema, [](const Extremum& e) { return Json{{"at", e.at}, {"prominence", rounded(e.prominence)}}; });
}

void add_lists(const Reading& reading, Json& json) {
  json["units"] =
      list_of(reading.units, [&](const ArcUnit& unit) { return unit_to_json(unit, reading.probe_targets); });
  json["arc"] = list_of(reading.arc, [](double value) { return Json(rounded(value)); });
  json["phases"] = list_of(reading.phases, [](const PhaseSpan& span) {
    return Json{{"phase", kPhaseNames[static_cast<std::size_t>(span.phase)]}, {"begin", span.begin}, {"end", span.end}};
  });
  json["peaks"] = extrema_to_json(reading.peaks);
  json["valleys"] = extrema_to_json(reading.valleys);
  json["turning_points"] = Json::array();
  for (std::size_t k = 0; k < reading.turning_points.size(); ++k) {
    json["turning_points"].push_back({{"point", kTurningPointNames[k]}, {"at", reading.turning_points[k]}});
  }
  json["grid"] = list_of(reading.grid, [](const GridCell& cell) {
    return Json{{"gamma", cell.gamma}, {"tau", cell.tau}, {"coherence", rounded(cell.coherence)}};
  });
  json["evidence"] = list_of(reading.evidence, [](const Evidence& e) {
    return Json{{"unit", e.unit}, {"points", rounded(e.points)}, {"rule", e.rule}, {"detail", e.detail}};
  });
  json["notes"] = reading.notes;
}

}  // namespace

Json reading_to_json(const Reading& reading) {
  Json json;
  json["coherence"] = number_or_null(reading.coherence);
  json["standard"] = number_or_null(reading.standard);
  json["reason"] = reading.reason.empty() ? Json(nullptr) : Json(reading.reason);
  json["interval"] = reading.interval ? Json::array({rounded((*reading.interval)[0]), rounded((*reading.interval)[1])})
                                      : Json(nullptr);
  json["robust"] = number_or_null(reading.robust);
  json["null"] = number_or_null(reading.null);
  json["ceiling"] = number_or_null(reading.ceiling);
  json["subscores"] = subscores_to_json(reading.subscores);
  json["language"] = kArcLanguageNames[static_cast<std::size_t>(reading.language)];
  json["gamma"] = reading.gamma;
  json["tau"] = reading.tau;
  add_lists(reading, json);
  json["cost"] = {{"seconds", reading.cost.seconds},
                  {"tokens", reading.cost.tokens},
                  {"words", reading.cost.words},
                  {"ms_per_1000_words", reading.cost.ms_per_1000_words}};
  const auto digest = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  json["inputs"] = {{"engine", digest(reading.inputs.engine)},
                    {"golden", digest(reading.inputs.golden)},
                    {"text", digest(reading.inputs.text)},
                    {"model", digest(reading.inputs.model)},
                    {"probe", digest(reading.inputs.probe)}};
  return json;
}

}  // namespace banchu

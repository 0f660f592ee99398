// The laboratory of bench/arc: prints what the measuring engine sees, for the scripts beside it to learn from and to
// judge by. Reads JSON lines {"id","units":[...]} or {"id","text"} on stdin, writes tab-separated lines.
//
//   arc_lab dump                      id, unit, shape (hexadecimal), words
//   arc_lab emotions                  id, valence, arousal, then each emotion's probability and label (0, 1)
//   arc_lab sham                      id, told or random, persistence, share of shuffles below it
//   arc_lab speed                     signals and one decode, and full scores, in MB a second on one core
//   arc_lab raw                       id, raw figures of the told order; the same of a shuffle
//   arc_lab score [full|fast] [MODEL.gguf]
//   arc_lab turning                   {"id", "points": units, "features": [[...] a unit]}: the five turning points
//   arc_lab states MODEL.gguf FILE    every unit's row of the last layer, float32 after float32, into FILE
//   arc_lab fit MODEL.gguf STATES OUT.json DATA.jsonl...   a probe from rows that `states` wrote, file behind file
//   arc_lab standard                  a golden set on stdin: each episode's score, held out; the map
//   arc_lab shuffles K COUNT SEED     id, -1 (the original) or the shuffle's number, every order feature, the weighed
//                                     sum
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>

#include "arc/calibrate.h"
#include "arc/emotions.h"
#include "arc/measure.h"
#include "arc/numeric.h"
#include "arc/order.h"
#include "arc/probe_states.h"
#include "arc/reading_json.h"
#include "arc/shuffle.h"
#include "arc/turning_points.h"
#include "base/file.h"
#include "base/json.h"
#include "tale.h"

namespace banchu {
namespace {

void dump(const Tale& tale) {
  const Discourse discourse(tale.views());
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    std::string words;
    for (const std::uint32_t id : discourse.words(i)) words += discourse.vocabulary().word(id).text + " ";
    fmt::print("{}\t{}\t{:x}\t{}\n", tale.id, i, discourse.unit(i).shape, words);
  }
}

void emotions(const Tale& tale) {
  for (const std::string& unit : tale.units) {
    const EmotionShares shares = classify_emotions(unit);
    const std::string_view view = unit;
    const Discourse discourse(std::span(&view, 1));
    fmt::print("{}\t{:.4f}\t{:.4f}", tale.id, discourse.unit(0).emotion.valence, discourse.unit(0).emotion.arousal);
    for (std::size_t e = 0; e < kEmotions; ++e) fmt::print("\t{:.4f}\t{:d}", shares.probability[e], shares.label[e]);
    fmt::print("\n");
  }
}

// The peak-valley figure of the told order and of random predictions in its place, both against the same chance.
void sham(const Tale& tale) {
  const Discourse discourse(tale.views());
  const std::size_t units = discourse.size();
  Rng rng(7, tale.id);
  std::vector<double> values(units);
  for (std::size_t i = 0; i < units; ++i) values[i] = discourse.unit(i).emotion.valence;
  for (const bool random : {false, true}) {
    if (random) {
      for (double& value : values) value = rng.normal();
    }
    Measure measure(discourse, {standardised(values), standardised(values), std::vector<double>(units, 1.0)}, 1);
    const PhaseMoves moves = measure.moves(1);
    std::vector<std::uint32_t> told(units);
    std::iota(told.begin(), told.end(), 0u);
    const double persistence = measure.persistence(measure.decode(told, moves), 1);
    int below = 0;
    constexpr int kShuffles = 64;
    for (int i = 0; i < kShuffles; ++i) {
      Rng draw(static_cast<std::uint64_t>(i), tale.id);
      below += measure.persistence(measure.decode(shuffled_blocks(units, 1, draw), moves), 1) < persistence;
    }
    fmt::print("{}\t{}\t{:.4f}\t{:.4f}\n", tale.id, random ? "random" : "told", persistence,
               static_cast<double>(below) / kShuffles);
  }
}

// The raw figures of the told order and of one shuffle.
void raw(const Tale& tale) {
  const Discourse discourse(tale.views());
  Series series;
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    series.valence.push_back(discourse.unit(i).emotion.valence);
    series.arousal.push_back(discourse.unit(i).emotion.arousal);
    series.witness.push_back(1);
  }
  Measure measure(discourse, series, 1);
  std::vector<std::uint32_t> told(discourse.size());
  std::iota(told.begin(), told.end(), 0u);
  Rng rng(1);
  for (const auto& order : {told, shuffled_blocks(discourse.size(), 1, rng)}) {
    const RawFigures f = measure.figures(order, measure.moves(1), 1);
    fmt::print("{}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\n", tale.id, f.evidence, f.resolved, f.link, f.chain,
               f.persistence, f.tension);
  }
}

void turning(const Tale& tale) {
  const Discourse discourse(tale.views());
  fmt::print("{}\n", to_line({{"id", tale.id},
                              {"points", find_turning_points(discourse, kTurningPoints)},
                              {"features", turning_features(discourse)}}));
}

void print_order(const Tale& tale, int number, OrderEvidence& evidence, const std::vector<std::uint32_t>& order) {
  const OrderValues values = evidence.measure(order);
  fmt::print("{}\t{}", tale.id, number);
  for (const double value : values) fmt::print("\t{:.6g}", value);
  fmt::print("\t{:.9g}\n", evidence.weigh(values));
}

void shuffles(const Tale& tale, std::size_t block, int count, std::uint64_t seed) {
  const Discourse discourse(tale.views());
  OrderEvidence evidence(discourse);
  std::vector<std::uint32_t> order(discourse.size());
  std::iota(order.begin(), order.end(), 0u);
  print_order(tale, -1, evidence, order);
  for (int i = 0; i < count; ++i) {
    Rng rng(seed + static_cast<std::uint64_t>(i), tale.id);
    print_order(tale, i, evidence, shuffled_blocks(discourse.size(), block, rng));
  }
}

// The whole score as one line of JSON, without the long lists.
void score(const Tale& tale, const ArcOptions& options) {
  std::vector<ArcTurn> turns;
  for (const std::string& unit : tale.units) turns.push_back({"", unit});
  const Result<Reading> reading = score_units(turns, options);
  if (!reading) return fmt::print(stderr, "{}: {}\n", tale.id, reading.error().message);
  Json json = reading_to_json(*reading);
  Json gains = Json::array();
  for (const ArcUnit& unit : reading->units) {
    if (unit.model) gains.push_back(unit.model->context_gain);
  }
  json["gains"] = std::move(gains);
  for (const char* list : {"units", "evidence", "notes", "inputs"}) json.erase(list);
  json["id"] = tale.id;
  fmt::print("{}\n", to_line(json));
}

std::vector<double> pooled_places(const std::vector<double>& values) {
  const std::size_t places = std::min(values.size(), kMaxPlaces);
  std::vector<double> sums(places, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i * places / values.size()] += values[i];
  return sums;
}

// Signals and one decode of a text from its bytes, without any chance, grid or interval.
std::size_t signals(std::string_view text) {
  const std::vector<ArcTurn> turns = split_sentences(text);
  std::vector<std::string_view> views(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) views[i] = turns[i].text;
  const Discourse discourse(views);
  std::vector<double> valence;
  for (std::size_t i = 0; i < discourse.size(); ++i) valence.push_back(discourse.unit(i).emotion.valence);
  std::vector<Place> places;
  for (const double z : standardised(pooled_places(valence))) places.push_back({z, 1, false});
  return decode_phases(places, PhaseMoves(places.size(), 1)).arc.size();
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Bytes a CPU second (one core; nothing here has threads) of both paths, for all texts on stdin one by one: seconds are
// the median of five rounds.
int speed() {
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (Tale tale; next_tale(tale);) {
    std::string text;
    for (const std::string& unit : tale.units) text += unit + " ";
    bytes += text.size();
    texts.push_back(std::move(text));
  }
  std::vector<double> fast;
  std::vector<double> full;
  for (int round = 0; round < 5; ++round) {
    const double began = cpu_seconds();
    for (const std::string& text : texts) signals(text);
    const double middle = cpu_seconds();
    for (const std::string& text : texts) {
      if (!score_text(text, {})) return 1;
    }
    fast.push_back(middle - began);
    full.push_back(cpu_seconds() - middle);
  }
  fmt::print("{{\"texts\":{},\"bytes\":{},\"signals_mb_per_s\":{:.3f},\"score_mb_per_s\":{:.3f}}}\n", texts.size(),
             bytes, static_cast<double>(bytes) / median_of(fast) / 1e6,
             static_cast<double>(bytes) / median_of(full) / 1e6);
  return 0;
}

// A standard from all episodes on stdin; prints what it makes of them, held out, shuffled and spliced.
int standard() {
  std::vector<GoldenEpisode> episodes;
  for (Tale tale; next_tale(tale);) {
    GoldenEpisode episode;
    episode.id = tale.id;
    episode.language = tale.id.substr(0, 2);
    episode.units = tale.units;
    episodes.push_back(episode);
  }
  const Result<Standard> made = calibrate_standard(episodes, "");
  if (!made) return 1;
  for (std::size_t i = 0; i < episodes.size(); ++i) fmt::print("{}\t{:.1f}\n", episodes[i].id, made->leave_one_out[i]);
  for (const auto& knot : made->map) fmt::print("knot\t{:.3f}\t{:.1f}\n", knot.raw, knot.score);
  return 0;
}

// Rows of float32, one a unit, in the order of stdin.
int states(const std::string& model, const std::string& path) {
  OpenModel open;
  if (!open_model(model, open)) return 1;
  std::ofstream out(path, std::ios::binary);
  for (Tale tale; next_tale(tale);) {
    const auto rows = read_states(tale.views(), *open.session, nullptr, nullptr);
    if (!rows) return fmt::print(stderr, "{}: {}\n", tale.id, rows.error().message), 1;
    for (const std::vector<float>& row : *rows) {
      out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
    }
    out.flush();
  }
  return 0;
}

// What `banchu arc calibrate` makes, without reading the sentences again.
int fit(const std::vector<std::string>& words) {
  OpenModel open;
  if (!open_model(words[1], open)) return 1;
  std::vector<LabelledSet> sets;
  std::size_t rows = 0;
  for (std::size_t i = 4; i < words.size(); ++i) {
    Result<LabelledSet> set = read_labelled(words[i]);
    if (!set) return fmt::print(stderr, "{}\n", set.error().message), 1;
    rows += set->sentences.size();
    sets.push_back(std::move(*set));
  }
  std::ifstream in(words[2], std::ios::binary);
  std::vector<std::vector<float>> states(rows, std::vector<float>(open.model->info().n_embd));
  for (std::vector<float>& row : states) {
    in.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
  }
  if (!in) return fmt::print(stderr, "{} holds fewer than {} rows\n", words[2], rows), 1;
  Result<Probe> probe = fit_probe(sets, std::move(states));
  if (!probe) return fmt::print(stderr, "{}\n", probe.error().message), 1;
  probe->model = open.model->digest();
  probe->model_name = open.model->path().filename().string();
  for (const ProbeTarget& target : probe->targets) {
    for (const ProbeLanguage& language : target.languages) {
      fmt::print("{}\t{}\t{}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.3f}\t{}\n", target.name, language.language, language.rows,
                 language.probe, language.lexicon, language.both, language.share, target.strength);
    }
  }
  return write_file_atomic(words[3], probe_text(*probe)) ? 0 : 1;
}

int run(const std::vector<std::string>& words) {
  if (words[0] == "fit" && words.size() > 4) return fit(words);
  if (words[0] == "states" && words.size() == 3) return states(words[1], words[2]);
  if (words[0] == "speed") return speed();
  if (words[0] == "standard") return standard();
  Tale tale;
  ArcOptions options;
  options.with_interval = words.size() > 1 && words[1] == "full";
  OpenModel open;
  if (words.size() > 2 && words[0] == "score") {
    if (!open_model(words[2], open)) return 1;
    options.session = open.session.get();
  }
  while (next_tale(tale)) {
    if (words[0] == "dump") dump(tale);
    if (words[0] == "emotions") emotions(tale);
    if (words[0] == "sham") sham(tale);
    if (words[0] == "raw") raw(tale);
    if (words[0] == "turning") turning(tale);
    if (words[0] == "score") score(tale, options);
    if (words[0] == "shuffles") shuffles(tale, std::stoul(words[1]), std::stoi(words[2]), std::stoull(words[3]));
  }
  return 0;
}

}  // namespace
}  // namespace banchu

int main(int argc, char** argv) { return argc < 2 ? 2 : banchu::run({argv + 1, argv + argc}); }

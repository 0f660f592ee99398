// The laboratory of bench/arc: prints what the measuring engine sees, for the scripts beside it to learn from and to
// judge by. Reads JSON lines {"id","units":[...]} or {"id","text"} on stdin, writes tab-separated lines.
//
//   arc_lab dump                      id, unit, shape (hexadecimal), words
//   arc_lab raw                       id, raw figures of the told order; the same of a shuffle
//   arc_lab score [full|fast] [MODEL.gguf]
//   arc_lab standard                  a golden set on stdin: each episode's score, held out; the map
//   arc_lab shuffles K COUNT SEED     id, -1 (the original) or the shuffle's number, every order feature, the weighed
//   sum
#include <fmt/format.h>

#include <iostream>
#include <numeric>
#include <string>

#include "arc/arc.h"
#include "arc/measure.h"
#include "arc/model_signals.h"
#include "arc/order.h"
#include "arc/reading_json.h"
#include "arc/shuffle.h"
#include "base/json.h"

namespace banchu {
namespace {

struct Tale {
  std::string id;
  std::vector<std::string> units;
  std::vector<std::string_view> views() const { return {units.begin(), units.end()}; }
};

bool next_tale(Tale& tale) {
  std::string line;
  if (!std::getline(std::cin, line)) return false;
  const Result<Json> json = parse_json(line, "a line");
  if (!json) return false;
  tale.id = string_at(*json, "id");
  tale.units.clear();
  for (const ArcTurn& unit : split_sentences(string_at(*json, "text"))) tale.units.push_back(unit.text);
  if (!tale.units.empty()) return true;
  for (const Json& unit : (*json)["units"]) tale.units.push_back(unit.get<std::string>());
  return true;
}

void dump(const Tale& tale) {
  const Discourse discourse(tale.views());
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    std::string words;
    for (const std::uint32_t id : discourse.words(i)) words += discourse.vocabulary().word(id).text + " ";
    fmt::print("{}\t{}\t{:x}\t{}\n", tale.id, i, discourse.unit(i).shape, words);
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
  for (const char* list : {"units", "evidence", "grid", "notes", "inputs"}) json.erase(list);
  json["id"] = tale.id;
  fmt::print("{}\n", to_line(json));
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

int run(const std::vector<std::string>& words) {
  if (words[0] == "standard") return standard();
  Tale tale;
  ArcOptions options;
  options.with_interval = words.size() > 1 && words[1] == "full";
  std::shared_ptr<Model> model;
  std::unique_ptr<Session> session;
  if (words.size() > 2 && words[0] == "score") {
    Result<std::shared_ptr<Model>> loaded = Model::load(words[2]);
    if (!loaded) return 1;
    model = std::move(*loaded);
    SessionOptions wanted;
    wanted.context_tokens = static_cast<int>(kWindowTokens);
    wanted.sequences = 8;
    Result<std::unique_ptr<Session>> opened = Session::open(model, wanted);
    if (!opened) return 1;
    session = std::move(*opened);
    options.session = session.get();
  }
  while (next_tale(tale)) {
    if (words[0] == "dump") dump(tale);
    if (words[0] == "raw") raw(tale);
    if (words[0] == "score") score(tale, options);
    if (words[0] == "shuffles") shuffles(tale, std::stoul(words[1]), std::stoi(words[2]), std::stoull(words[3]));
  }
  return 0;
}

}  // namespace
}  // namespace banchu

int main(int argc, char** argv) { return argc < 2 ? 2 : banchu::run({argv + 1, argv + argc}); }

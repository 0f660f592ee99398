// What the laboratories of bench/arc read: JSON lines {"id","units":[...]} or {"id","text"} on stdin.
#pragma once

#include <iostream>
#include <string>
#include <vector>

#include "arc/arc.h"
#include "arc/model_signals.h"
#include "base/json.h"

namespace banchu {

struct Tale {
  std::string id;
  std::vector<std::string> units;
  std::vector<std::string_view> views() const { return {units.begin(), units.end()}; }
};

inline bool next_tale(Tale& tale) {
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

struct OpenModel {
  std::shared_ptr<Model> model;
  std::unique_ptr<Session> session;
};

inline bool open_model(const std::string& path, OpenModel& open) {
  Result<std::shared_ptr<Model>> loaded = Model::load(path);
  if (!loaded) return false;
  open.model = std::move(*loaded);
  SessionOptions wanted;
  wanted.context_tokens = static_cast<int>(kWindowTokens);
  wanted.sequences = 8;
  Result<std::unique_ptr<Session>> opened = Session::open(open.model, wanted);
  if (!opened) return false;
  open.session = std::move(*opened);
  return true;
}

}  // namespace banchu

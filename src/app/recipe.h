// night.yaml: every parameter of a night in one file, with Axolotl's key names where it has them.
//
// Errors: InvalidArgument; an unknown key is named with the nearest known one, a value out of range with its range.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "evaluate/evaluate.h"
#include "ruminate/ruminate.h"
#include "train/train.h"

namespace banchu {

struct Recipe {
  TrainOptions train;
  RuminateOptions ruminate;
  EvaluateOptions evaluate;
  std::string language;                // "en", "ko"; "": by the days that are chewed over
  std::filesystem::path suite;         // the gate's fixed texts; empty: the ones in the program
  std::filesystem::path everyday;      // everyday prompts; empty: the ones in the program
  std::filesystem::path training_log;  // the training's curve, .csv or .jsonl; empty: none. Not part of a night's key
  bool ask = false;                    // the user has the last word before waking
  double price_per_hour = 0;           // of this machine, for the receipt
  std::string currency = "KRW";
};

Result<Recipe> recipe_from_yaml(const std::string& yaml, const std::string& what);
// `path` empty: the bag's night.yaml when there is one, else the defaults.
Result<Recipe> load_recipe(const std::filesystem::path& path, const std::filesystem::path& bag_folder);

// Every value, in a fixed order: what a night's key is made of, and what `night --dry-run` shows.
Json recipe_to_json(const Recipe& recipe);

}  // namespace banchu

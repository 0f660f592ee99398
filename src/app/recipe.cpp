#include "app/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"

namespace banchu {
namespace {

// One key of the file: where its value goes and what it may be.
struct Key {
  const char* section;  // "" for the top level
  const char* name;
  std::variant<int*, double*, std::uint64_t*, bool*> place;
  double lowest = 0;
  double highest = 0;
};

std::vector<Key> training_keys(TrainOptions& t) {
  return {
      {"", "lora_r", &t.rank, 1, 256},
      {"", "lora_alpha", &t.alpha, 0.001, 1024},
      {"", "lora_dropout", &t.dropout, 0, 0.9},
      {"", "peft_use_rslora", &t.rank_stabilised},
      {"", "neftune_noise_alpha", &t.neftune_alpha, 0, 1000},
      {"", "learning_rate", &t.learning_rate, 0, 0.1},
      {"", "loraplus_lr_ratio", &t.b_rate_ratio, 0.001, 1000},
      {"", "micro_batch_size", &t.batch_rows, 1, 256},
      {"", "gradient_accumulation_steps", &t.accumulation, 1, 256},
      {"", "sequence_len", &t.context_tokens, 16, 8192},
      {"", "num_epochs", &t.epochs, 0.01, 100},
      {"", "max_steps", &t.max_steps, 0, 1e6},
      {"", "warmup_ratio", &t.warmup_share, 0, 1},
      {"", "warmup_steps", &t.warmup_steps, 0, 1e6},
      {"", "weight_decay", &t.weight_decay, 0, 1},
      {"", "adam_beta1", &t.beta1, 0, 0.9999},
      {"", "adam_beta2", &t.beta2, 0, 0.999999},
      {"", "adam_epsilon", &t.epsilon, 1e-12, 1e-2},
      {"", "max_grad_norm", &t.max_grad_norm, 0, 1e6},
      {"", "ema_decay", &t.ema_decay, 0, 0.999999},
      {"", "rehearsal_share", &t.rehearsal_share, 0, 0.9},
      {"", "rehearsal_weight", &t.rehearsal_weight, 0, 100},
      {"", "sft_weight", &t.sft_weight, 0, 100},
      {"", "distill_weight", &t.distill_weight, 0, 100},
      {"", "preference_weight", &t.preference_weight, 0, 1000},
      {"", "rl_beta", &t.preference_beta, 0.001, 100},
      {"", "eval_steps", &t.validate_every, 0, 1e6},
      {"", "early_stopping_patience", &t.patience, 0, 1000},
      {"", "save_steps", &t.checkpoint_every, 1, 1e6},
      {"", "memory_limit_mb", &t.memory_limit_mb, 0, 1e8},
  };
}

std::vector<Key> rumination_keys(RuminateOptions& r) {
  return {
      {"ruminate", "train_share", &r.train_share, 0.1, 0.9},
      {"ruminate", "valid_share", &r.valid_share, 0.05, 0.5},
      {"ruminate", "min_repeats", &r.min_repeats, 2, 1000},
      {"ruminate", "habit_share", &r.habit_share, 0.05, 1},
      {"ruminate", "near_duplicate", &r.near_duplicate, 0.1, 1},
      {"ruminate", "max_rehearsal_rows", &r.max_rehearsal_rows, 0, 100},
      {"ruminate", "rehearsal_tokens", &r.rehearsal_tokens, 8, 1024},
      {"ruminate", "teacher_top_k", &r.teacher_top_k, 1, 256},
      {"ruminate", "max_row_tokens", &r.max_row_tokens, 16, 8192},
      {"ruminate", "min_test_prompts", &r.min_test_prompts, 1, 1000},
      {"ruminate", "archive_below", &r.archive_below, 0, 1},
  };
}

std::vector<Key> gate_keys(EvaluateOptions& e) {
  return {
      {"gate", "max_test_prompts", &e.max_test_prompts, 1, 1000},
      {"gate", "third_turn_prompts", &e.third_turn_prompts, 1, 1000},
      {"gate", "before_prompts", &e.before_prompts, 1, 1000},
      {"gate", "reply_tokens", &e.reply_tokens, 4, 1024},
      {"gate", "questions", &e.questions, 1, 1000},
      {"gate", "before_questions", &e.before_questions, 1, 1000},
      {"gate", "question_tokens", &e.question_tokens, 4, 1024},
      {"gate", "answer_tokens", &e.answer_tokens, 4, 1024},
      {"gate", "elsewhere_prompts", &e.elsewhere_prompts, 1, 1000},
      {"gate", "valid_replies", &e.valid_replies, 1, 1000},
      {"gate", "general_valid_chunks", &e.general_valid_chunks, 1, 1000},
      {"gate", "answer_draws", &e.answer_draws, 1, 100},
      {"gate", "habit_at_least", &e.habit_at_least, 0, 1},
      {"gate", "third_turn_at_least", &e.third_turn_at_least, 0, 1},
      {"gate", "answers_at_least", &e.answers_at_least, 0, 1},
      {"gate", "mask_gap_closed_at_least", &e.mask_gap_closed_at_least, -1, 1},
      {"gate", "engraved_at_least", &e.engraved_at_least, 0, 1},
      {"gate", "general_rise_at_most", &e.general_rise_at_most, 0, 10},
      {"gate", "general_rise_total_at_most", &e.general_rise_total_at_most, 0, 10},
      {"gate", "refusal_rise_at_most", &e.refusal_rise_at_most, 0, 1},
      {"gate", "flattery_rise_at_most", &e.flattery_rise_at_most, 0, 1},
      {"gate", "repetition_rise_at_most", &e.repetition_rise_at_most, 0, 1},
      {"gate", "parroting_at_most", &e.parroting_at_most, 0, 1},
      {"gate", "fairness_rise_at_most", &e.fairness_rise_at_most, 0, 10},
      {"gate", "superseded_at_most", &e.superseded_at_most, 0, 1},
      {"gate", "lean_rise_at_most", &e.lean_rise_at_most, 0, 10},
      {"gate", "elsewhere_at_most", &e.elsewhere_at_most, 0, 1},
      {"gate", "speed_at_least", &e.speed_at_least, 0, 1},
      {"gate", "bootstrap", &e.bootstrap, 100, 100000},
  };
}

std::vector<Key> all_keys(Recipe& recipe) {
  std::vector<Key> keys = training_keys(recipe.train);
  for (const std::vector<Key>& more : {rumination_keys(recipe.ruminate), gate_keys(recipe.evaluate)}) {
    keys.insert(keys.end(), more.begin(), more.end());
  }
  keys.push_back({"", "ask", &recipe.ask});
  keys.push_back({"", "price_per_hour", &recipe.price_per_hour, 0, 1e9});
  return keys;
}

// Keys whose values are one word of a few.
struct Choice {
  std::string_view word;
  std::function<void(Recipe&)> take;
  std::function<bool(const Recipe&)> is_taken;
};
struct ChoiceKey {
  const char* name;
  std::vector<Choice> words;  // the first one that fits is what recipe_to_json writes
};

Choice optimiser(std::string_view word, TrainOptions::Optimiser kind, bool paged) {
  return {word,
          [=](Recipe& r) {
            r.train.optimiser = kind;
            r.train.paged_states = paged;
          },
          [=](const Recipe& r) { return r.train.optimiser == kind && r.train.paged_states == paged; }};
}

// A member of the recipe that may have these values.
template <typename Room, typename Value>
Choice choice(std::string_view word, Room Recipe::*room, Value Room::*place, Value value) {
  return {word, [=](Recipe& r) { r.*room.*place = value; }, [=](const Recipe& r) { return r.*room.*place == value; }};
}

const std::vector<ChoiceKey>& choice_keys() {
  using Schedule = TrainOptions::Schedule;
  using Optimiser = TrainOptions::Optimiser;
  using LongRows = TrainOptions::LongRows;
  static const std::vector<ChoiceKey> keys = {
      {"lr_scheduler",
       {choice("linear", &Recipe::train, &TrainOptions::schedule, Schedule::linear),
        choice("cosine", &Recipe::train, &TrainOptions::schedule, Schedule::cosine),
        choice("constant", &Recipe::train, &TrainOptions::schedule, Schedule::constant)}},
      {"optimizer",
       {optimiser("adamw_torch", Optimiser::adamw, false), optimiser("adamw_8bit", Optimiser::adamw_8bit, false),
        optimiser("paged_adamw_32bit", Optimiser::adamw, true),
        optimiser("paged_adamw_8bit", Optimiser::adamw_8bit, true)}},
      {"excess_length_strategy",
       {choice("split", &Recipe::train, &TrainOptions::long_rows, LongRows::split),
        choice("drop", &Recipe::train, &TrainOptions::long_rows, LongRows::drop)}},
      {"rl",
       {choice("none", &Recipe::ruminate, &RuminateOptions::preference_pairs, false),
        choice("dpo", &Recipe::ruminate, &RuminateOptions::preference_pairs, true)}},
  };
  return keys;
}

// Keys that are read one by one.
constexpr std::array<std::string_view, 8> kOtherKeys = {
    "lora_target_modules", "training_log", "language", "suite", "everyday", "currency", "ruminate", "gate"};

Error wrong_value(const std::string& what, const Key& key, const std::string& should) {
  return make_error(Code::InvalidArgument, fmt::format("{}: {}{}{} must be {}", what, key.section,
                                                       *key.section == '\0' ? "" : ".", key.name, should));
}

struct PutValue {
  const Json& value;
  const Key& key;
  const std::string& what;

  Status operator()(bool* place) const {
    if (!value.is_boolean()) return wrong_value(what, key, "true or false");
    *place = value.get<bool>();
    return {};
  }
  Status operator()(double* place) const {
    BANCHU_TRY_STATUS(check_range());
    *place = value.get<double>();
    return {};
  }
  Status operator()(int* place) const { return put_whole(place); }
  Status operator()(std::uint64_t* place) const { return put_whole(place); }

 private:
  Status check_range() const {
    if (value.is_number() && value.get<double>() >= key.lowest && value.get<double>() <= key.highest) return {};
    return wrong_value(what, key, fmt::format("a number from {} to {}", key.lowest, key.highest));
  }
  template <typename Whole>
  Status put_whole(Whole* place) const {
    BANCHU_TRY_STATUS(check_range());
    if (!value.is_number_integer()) return wrong_value(what, key, "a whole number");
    *place = value.get<Whole>();
    return {};
  }
};

Json section_of(const Json& root, const std::string& section) {
  return section.empty() ? root : root.value(section, Json::object());
}

Status check_keys(const Json& root, const std::vector<Key>& keys, const std::string& what) {
  for (const std::string section : {"", "ruminate", "gate"}) {
    std::vector<std::string_view> known;
    for (const Key& key : keys) {
      if (key.section == section) known.push_back(key.name);
    }
    if (section.empty()) {
      known.insert(known.end(), kOtherKeys.begin(), kOtherKeys.end());
      for (const ChoiceKey& key : choice_keys()) known.push_back(key.name);
    }
    if (section == "gate") known.push_back("lambdas");
    const Json object = section_of(root, section);
    if (!object.is_object()) {
      return make_error(Code::InvalidArgument,
                        fmt::format("{}: {} must be a map", what, section.empty() ? "it" : section));
    }
    BANCHU_TRY_STATUS(check_known_keys(object, known, what));
  }
  return {};
}

// What is there must be text: a number or a list would otherwise be passed over in silence.
Status check_texts(const Json& root, const std::string& what) {
  for (const char* key : {"training_log", "language", "suite", "everyday", "currency"}) {
    if (!root.contains(key) || root[key].is_string()) continue;
    return make_error(Code::InvalidArgument, fmt::format("{}: {} must be text", what, key), "put it in quotes");
  }
  return {};
}

Status put_choice(const Json& root, const ChoiceKey& key, Recipe& recipe, const std::string& what) {
  if (!root.contains(key.name)) return {};
  std::vector<std::string_view> words;
  for (const Choice& one : key.words) {
    words.push_back(one.word);
    if (!root[key.name].is_string() || root[key.name].get<std::string>() != one.word) continue;
    one.take(recipe);
    return {};
  }
  return make_error(Code::InvalidArgument,
                    fmt::format("{}: {} must be one of {}", what, key.name, fmt::join(words, ", ")));
}

Status put_modules(const Json& root, Recipe& recipe, const std::string& what) {
  if (!root.contains("lora_target_modules")) return {};
  const Json& list = root["lora_target_modules"];
  const bool names = list.is_array() && !list.empty() &&
                     std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); });
  if (!names) {
    return make_error(Code::InvalidArgument, what + ": lora_target_modules must be a list of names, such as q_proj",
                      "leave it out to adapt every linear map");
  }
  recipe.train.target_modules = list.get<std::vector<std::string>>();
  return {};
}

Status put_lambdas(const Json& gate, Recipe& recipe, const std::string& what) {
  if (!gate.contains("lambdas")) return {};
  const Json& list = gate["lambdas"];
  std::vector<double> lambdas;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (!item.is_number() || item.get<double>() <= 0 || item.get<double>() > 1)
      lambdas.clear();
    else
      lambdas.push_back(item.get<double>());
  }
  if (lambdas.empty() || lambdas.size() != list.size()) {
    return make_error(Code::InvalidArgument, what + ": gate.lambdas must be a list of numbers above 0, up to 1");
  }
  recipe.evaluate.lambdas = lambdas;
  return {};
}

}  // namespace

Result<Recipe> recipe_from_yaml(const std::string& yaml, const std::string& what) {
  BANCHU_TRY_STATUS(check_utf8(yaml, what));
  BANCHU_TRY(Json root, parse_yaml(yaml, what));
  if (root.is_null()) root = Json::object();
  Recipe recipe;
  const std::vector<Key> keys = all_keys(recipe);
  if (!root.is_object()) return make_error(Code::InvalidArgument, what + " must be a map of keys and values");
  BANCHU_TRY_STATUS(check_keys(root, keys, what));
  BANCHU_TRY_STATUS(check_texts(root, what));
  for (const Key& key : keys) {
    const Json section = section_of(root, key.section);
    if (section.contains(key.name)) BANCHU_TRY_STATUS(std::visit(PutValue{section[key.name], key, what}, key.place));
  }
  for (const ChoiceKey& key : choice_keys()) BANCHU_TRY_STATUS(put_choice(root, key, recipe, what));
  BANCHU_TRY_STATUS(put_modules(root, recipe, what));
  BANCHU_TRY_STATUS(put_lambdas(section_of(root, "gate"), recipe, what));
  recipe.language = string_at(root, "language");
  if (!recipe.language.empty() && recipe.language != "en" && recipe.language != "ko") {
    return make_error(Code::InvalidArgument, what + ": language must be en or ko");
  }
  recipe.suite = string_at(root, "suite");
  recipe.everyday = string_at(root, "everyday");
  recipe.training_log = string_at(root, "training_log");
  recipe.currency = string_at(root, "currency", recipe.currency);
  recipe.ruminate.rehearsal_share = recipe.train.rehearsal_share;
  if (recipe.ruminate.train_share + recipe.ruminate.valid_share > 0.95) {
    return make_error(Code::InvalidArgument, what + ": train_share and valid_share leave nothing to test with",
                      "60-80 % train, 10-20 % valid and the rest test is usual");
  }
  return recipe;
}

Result<Recipe> load_recipe(const std::filesystem::path& path, const std::filesystem::path& bag_folder) {
  const std::filesystem::path own = bag_folder / "night.yaml";
  const bool has_own = path.empty() && std::filesystem::exists(own);
  if (path.empty() && !has_own) return recipe_from_yaml("{}", "the default recipe");
  const std::filesystem::path& file = has_own ? own : path;
  BANCHU_TRY(const std::string yaml, read_file(file, 1 << 20));
  BANCHU_TRY(Recipe recipe, recipe_from_yaml(yaml, file.string()));
  // Files that a recipe names lie beside it.
  for (std::filesystem::path* beside : {&recipe.suite, &recipe.everyday, &recipe.training_log}) {
    if (!beside->empty() && beside->is_relative()) *beside = file.parent_path() / *beside;
  }
  return recipe;
}

Json recipe_to_json(const Recipe& recipe) {
  Recipe copy = recipe;
  Json json = Json::object();
  for (const Key& key : all_keys(copy)) {
    Json& section = *key.section == '\0' ? json : json[key.section];
    std::visit([&](auto* place) { section[key.name] = *place; }, key.place);
  }
  for (const ChoiceKey& key : choice_keys()) {
    for (const Choice& one : key.words) {
      if (one.is_taken(recipe)) json[key.name] = one.word;
    }
  }
  json["lora_target_modules"] = recipe.train.target_modules;
  json["gate"]["lambdas"] = recipe.evaluate.lambdas;
  json["language"] = recipe.language;
  json["currency"] = recipe.currency;
  return json;
}

}  // namespace banchu

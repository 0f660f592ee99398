// What a night is made of, gathered before it begins, and the small pure functions around its stages.
#pragma once

#include <string>
#include <vector>

#include "app/night.h"
#include "app/recipe.h"
#include "bag/bag.h"
#include "promote/promote.h"

namespace banchu {

// The fixed texts of a night, in the language of the day.
struct NightTexts {
  std::string language;  // "en", "ko"
  EverydayPrompts everyday;
  Suite suite;
  std::string digest;  // of both texts
};
Result<NightTexts> load_night_texts(const Recipe& recipe, const std::vector<Entry>& entries);

// SHA-256 of every input on which the night's result depends; ids of turns are not among them.
std::string night_key(const Self& awake, const std::vector<Entry>& entries, const std::vector<Memory>& known,
                      const NightRequest& request, const NightTexts& texts);

// No entry may be taught and no mask was worn: no model needs to be loaded.
bool nothing_to_teach(const Chewed& chewed);

// The tests by which what earlier nights engraved is asked again tonight.
std::vector<LessonTest> tests_of_engraved(const std::vector<Memory>& known, const EverydayPrompts& everyday);

// Did the promoted self learn it? Facts are judged by the report's answers; the rest the gate has judged.
bool is_learned(const Memory& memory, const Report& report);

Json lesson_counts(const Lessons& lessons);
Json train_to_json(const TrainOutcome& trained, const std::string& adapter_digest);

// Tokens of the masks that no longer need to be said.
int prompt_tokens_saved(const Chewed& chewed, const Lessons& lessons, const Tokenizer& tokenizer);

// What the companion is asked in the morning, and its answer cut to at most two sentences.
std::string morning_prompt(const Chewed& chewed, Decision decision, const std::string& language);
std::string first_sentences(const std::string& text);

}  // namespace banchu

// The program's own voice, in English and in Korean (존댓말). What the companion says is not here.
#pragma once

#include <string_view>

namespace banchu {

enum class Language { en, ko };

// --lang when given ("" otherwise), else LC_ALL, LC_MESSAGES, LANG: Korean where they begin with "ko".
Language language_from(std::string_view lang_option);

enum class Word {
  hint,
  time_left,  // {}: "1 m 40 s"
  you,
  companion,  // the companion's name where the mask gives none
  growing,
  sandbox,
  growing_means,
  sandbox_means,
  no_bag_sandbox,  // {}: the folder
  self,            // {}: id, {}: age
  bare_model,
  born_today,
  days_old,  // {}: days
  tokens_per_second,
  help_hint,
  mode_is,
  new_self,     // {}: id
  history_cut,  // {}: exchanges
  reply_stopped,
  kept,
  struck,
  fixed,
  nothing_yet,
  sandbox_keeps_nothing,
  bye_growing,  // {}: turns
  bye_sandbox,
  bye_nothing,
  unknown_command,  // {}: what was typed
  mask_on,          // {}: name
  mask_off,
  leave_hint,
  saved,  // {}: path
  multiline,
  chat_help,
  not_encrypted,
  review_question,
  review_done,
  review_nothing,
};
// Some hold {} for fmt; the comments above say for what.
std::string_view text_of(Word word, Language language);

}  // namespace banchu

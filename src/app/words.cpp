#include "app/words.h"

#include <cstdlib>
#include <string>

#include "base/check.h"

namespace banchu {
namespace {

struct Row {
  Word word;
  std::string_view en;
  std::string_view ko;
};

constexpr Row kRows[] = {
    {Word::hint, "->", "→"},
    {Word::time_left, "{} left", "{} 남음"},
    {Word::you, "you", "나"},
    {Word::companion, "banchu", "반추"},
    {Word::growing, "growing", "성장"},
    {Word::sandbox, "sandbox", "연습"},
    {Word::growing_means, "growing: what is said here is kept, and may be learned at night",
     "성장: 여기서 나눈 말은 간직되고, 밤에 배움이 될 수 있습니다"},
    {Word::sandbox_means, "sandbox: nothing said here leaves a trace",
     "연습: 여기서 나눈 말은 아무 자취도 남기지 않습니다"},
    {Word::no_bag_sandbox, "there is no bag at {}, so nothing can be kept; `banchu bag init` makes one",
     "{}에 가방이 없어 아무것도 간직할 수 없습니다. `banchu bag init`으로 만들 수 있습니다"},
    {Word::self, "self {}: {}", "자아 {}: {}"},
    {Word::bare_model, "bare model", "맨 모델"},
    {Word::born_today, "born today", "오늘 태어났습니다"},
    {Word::days_old, "{} d old", "{}일째"},
    {Word::tokens_per_second, "{:.0f} tok/s", "초당 {:.0f}토큰"},
    {Word::help_hint, "/help", "/help"},
    {Word::mode_is, "from here on: {}", "지금부터: {}"},
    {Word::new_self, "while you talked a night ended; from here on self {} speaks",
     "이야기하는 사이에 밤이 지났습니다. 이제부터 자아 {}가 말합니다"},
    {Word::history_cut, "the oldest {} exchanges no longer fit the model's context and were left out",
     "모델이 한 번에 볼 수 있는 길이를 넘어, 가장 오래된 {}번의 대화를 덜어 냈습니다"},
    {Word::reply_stopped, "stopped; nothing of it was kept", "멈췄습니다. 이 대답은 남기지 않았습니다"},
    {Word::kept, "kept: this reply may be taught", "간직했습니다. 이 대답은 배움이 될 수 있습니다"},
    {Word::struck, "struck: it will never be taught, and it is out of this conversation",
     "지웠습니다. 배우지 않으며, 이 대화에서도 뺐습니다"},
    {Word::fixed, "fixed: from here on this is what was said", "고쳤습니다. 이제부터 이렇게 말한 것으로 여깁니다"},
    {Word::nothing_yet, "there is no reply yet", "아직 대답이 없습니다"},
    {Word::sandbox_keeps_nothing, "the sandbox keeps nothing; /mode grow first",
     "연습에서는 아무것도 남기지 않습니다. 먼저 /mode grow 를 입력해 주세요"},
    {Word::bye_growing, "{} turns kept. To chew them over: `banchu night`",
     "{}번의 대화를 간직했습니다. 되새기려면 `banchu night`를 실행해 주세요"},
    {Word::bye_sandbox, "nothing was kept", "아무것도 남기지 않았습니다"},
    {Word::bye_nothing, "nothing was said, nothing was kept", "나눈 말이 없어 남긴 것도 없습니다"},
    {Word::unknown_command, "there is no command {}; /help shows them all",
     "{}라는 명령은 없습니다. /help로 모두 볼 수 있습니다"},
    {Word::mask_on, "wears the mask \"{}\" from here on", "이제부터 \"{}\" 가면을 씁니다"},
    {Word::mask_off, "wears no mask from here on", "이제부터 가면을 쓰지 않습니다"},
    {Word::leave_hint, "/bye or Ctrl-D leaves; Ctrl-C again leaves as well",
     "/bye나 Ctrl-D로 나갑니다. Ctrl-C를 한 번 더 눌러도 나갑니다"},
    {Word::saved, "saved as {}", "{}에 저장했습니다"},
    {Word::multiline, "... until a line with \"\"\" alone", "... \"\"\"만 있는 줄에서 끝납니다"},
    {Word::chat_help,
     "  /mode [grow|sandbox]   growing keeps what is said; the sandbox leaves no trace\n"
     "  /persona [FILE]        wears another mask (YAML), or takes it off\n"
     "  /set KEY VALUE         temperature, top_p, seed, system, logit_bias.WORD ...\n"
     "  /show                  mask, sampling, self, how many turns were said\n"
     "  /save FILE             the mask and the sampling as a persona file\n"
     "  /keep                  the last reply may be taught\n"
     "  /fix TEXT              what the last reply should have been\n"
     "  /strike                the last turn is never taught\n"
     "  /regen                 another reply to the same message\n"
     "  \"\"\"                    begins and ends a message of several lines\n"
     "  /bye                   leaves (so does Ctrl-D); Ctrl-C stops a reply",
     "  /mode [grow|sandbox]   성장은 나눈 말을 간직하고, 연습은 자취를 남기지 않습니다\n"
     "  /persona [파일]        다른 가면(YAML)을 쓰거나, 가면을 벗습니다\n"
     "  /set 이름 값           temperature, top_p, seed, system, logit_bias.낱말 ...\n"
     "  /show                  가면, 표본 설정, 자아, 나눈 말의 수를 보여 줍니다\n"
     "  /save 파일             가면과 표본 설정을 파일로 저장합니다\n"
     "  /keep                  마지막 대답을 배워도 좋다고 표시합니다\n"
     "  /fix 글                마지막 대답이 어떠했어야 하는지 알려 줍니다\n"
     "  /strike                마지막 대화를 절대 배우지 않게 합니다\n"
     "  /regen                 같은 말에 다시 대답합니다\n"
     "  \"\"\"                    여러 줄로 쓰기 시작하거나 마칩니다\n"
     "  /bye                   나갑니다(Ctrl-D도 같습니다). Ctrl-C는 대답을 멈춥니다"},
    {Word::not_encrypted, "not encrypted: whoever can read this folder can read what was said",
     "암호화되어 있지 않습니다. 이 폴더를 읽을 수 있는 사람은 나눈 말도 읽을 수 있습니다"},
    {Word::review_question, "[k]eep, [s]trike, [l]ater, [q]uit? ", "[k] 간직, [s] 지움, [l] 나중에, [q] 그만: "},
    {Word::review_done, "{} kept, {} struck, {} left for later", "간직 {}건, 지움 {}건, 나중에 볼 것 {}건"},
    {Word::review_nothing, "nothing waits for you", "기다리는 것이 없습니다"},
};

}  // namespace

Language language_from(std::string_view lang_option) {
  if (!lang_option.empty()) return lang_option.starts_with("ko") ? Language::ko : Language::en;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0')
      return std::string_view(value).starts_with("ko") ? Language::ko : Language::en;
  }
  return Language::en;
}

std::string_view text_of(Word word, Language language) {
  for (const Row& row : kRows) {
    if (row.word == word) return language == Language::ko ? row.ko : row.en;
  }
  check_failed("every word has a row", __FILE__, __LINE__, "");
}

}  // namespace banchu

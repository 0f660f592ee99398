#include "app/night_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <limits>

#include "app/catalogue.h"
#include "app/progress_bar.h"
#include "app/terminal.h"
#include "base/text.h"
#include "evaluate/report_text.h"

namespace banchu {
namespace {

struct ReasonWord {
  Reason reason;
  const char* english;
  const char* korean;
};

// In the order in which they are told.
constexpr std::array<ReasonWord, 16> kReasons = {{
    {Reason::approved, "kept by you", "남겨 두신 말"},
    {Reason::fixed, "corrected by you", "고쳐 주신 말"},
    {Reason::kept, "kept", "간직함"},
    {Reason::mask_worn, "said under a mask", "가면을 쓰고 한 말"},
    {Reason::user_fact, "about you", "당신 이야기"},
    {Reason::chatter, "chatter", "잡담"},
    {Reason::repeat, "repeats", "되풀이"},
    {Reason::too_long, "too long", "너무 긴 말"},
    {Reason::markup, "markup", "코드·마크업"},
    {Reason::pasted, "pasted", "붙여 넣은 글"},
    {Reason::gibberish, "gibberish", "알아들을 수 없는 말"},
    {Reason::template_tokens, "with control words", "제어 문자가 든 말"},
    {Reason::secret, "secret (left out)", "비밀(뺐습니다)"},
    {Reason::contradiction, "contradicted (the newer kept)", "서로 다른 말(새것을 따름)"},
    {Reason::struck, "struck by you", "지우신 말"},
    {Reason::needs_review, "waiting for your review", "확인을 기다리는 말"},
}};

std::string reasons_in_a_line(const Chewed& chewed, Language language) {
  std::vector<std::string> parts;
  for (const CountedReason& reason : counted_reasons(chewed, language)) {
    parts.push_back(language == Language::ko ? fmt::format("{} {}", reason.name, reason.count)
                                             : fmt::format("{} {}", reason.count, reason.name));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

const char* korean_reason(Reason reason) {
  for (const ReasonWord& row : kReasons) {
    if (row.reason == reason) return row.korean;
  }
  return "";
}

// A reason begins with the name of the check that failed; on the screen a check has a name of its own.
std::string shown_reason(const NightOutcome& outcome, const std::string& reason, Language language) {
  std::string shown = reason;
  std::string longest;
  for (const Check& check : outcome.report ? outcome.report->checks : std::vector<Check>()) {
    if (reason.starts_with(check.name) && check.name.size() > longest.size()) longest = check.name;
  }
  if (!longest.empty()) {
    shown = shown_name(longest, language == Language::ko ? "ko" : "en") + reason.substr(longest.size());
  }
  return translated(shown, language);
}

bool is_taught(const Memory& memory) { return memory.state == MemoryState::active; }

}  // namespace

std::vector<CountedReason> counted_reasons(const Chewed& chewed, Language language) {
  std::vector<CountedReason> counted;
  for (const ReasonWord& row : kReasons) {
    const int count = chewed.count(row.reason);
    const bool is_left_out = row.reason >= Reason::chatter;
    if (count > 0) counted.push_back({language == Language::ko ? row.korean : row.english, count, is_left_out});
  }
  return counted;
}

std::vector<std::string> chewed_lines(const Chewed& chewed, Language language) {
  const bool korean = language == Language::ko;
  if (chewed.entries.empty()) {
    return {korean ? "지난밤 이후로 나눈 이야기가 없습니다." : "no talk since the last night"};
  }
  std::vector<std::string> lines = {
      korean ? fmt::format("지난밤 이후의 말 {}마디: {}", chewed.entries.size(), reasons_in_a_line(chewed, language))
             : fmt::format("{} turns since the last night: {}", chewed.entries.size(),
                           reasons_in_a_line(chewed, language))};
  std::vector<std::string> wanted;
  for (const Memory& memory : chewed.memories) {
    if (is_taught(memory) && memory.behaviour.kind != BehaviourKind::none) {
      wanted.push_back(fmt::format("{}: {}", in_language(name_of(memory.kind), language), shorten(memory.text, 90)));
    }
  }
  for (std::size_t i = 0; i < wanted.size() && i < 6; ++i) {
    lines.push_back(fmt::format("{} {}", korean ? "배우고 싶은 것 ·" : "wants to learn ·", wanted[i]));
  }
  if (wanted.size() > 6) lines.push_back(fmt::format("... +{}  (banchu ruminate --explain)", wanted.size() - 6));
  return lines;
}

std::vector<std::string> explain_lines(const Chewed& chewed, Language language) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    const EntryVerdict& verdict = chewed.verdicts[i];
    const bool korean = language == Language::ko;
    const std::string reason = korean ? korean_reason(verdict.reason) : name_of(verdict.reason);
    lines.push_back(fmt::format("{}  {} {}", verdict.turn.substr(0, 8), pad_to(reason, korean ? 26 : 16),
                                shorten(fold(chewed.entries[i].turn.user), 60)));
    if (!verdict.detail.empty()) {
      lines.push_back(std::string(korean ? 37 : 27, ' ') + translated(verdict.detail, language));
    }
  }
  return lines;
}

Json explain_to_json(const Chewed& chewed) {
  Json entries = Json::array();
  for (const EntryVerdict& verdict : chewed.verdicts) {
    entries.push_back({{"turn_id", verdict.turn},
                       {"reason", name_of(verdict.reason)},
                       {"detail", verdict.detail},
                       {"memories", verdict.memories}});
  }
  Json memories = Json::array();
  for (const Memory& memory : chewed.memories) {
    memories.push_back({{"id", memory.id},
                        {"kind", name_of(memory.kind)},
                        {"text", memory.text},
                        {"state", name_of(memory.state)},
                        {"turns", memory.turns}});
  }
  return Json{{"entries", std::move(entries)}, {"memories", std::move(memories)}};
}

std::string engraved_line(const NightOutcome& outcome, Language language) {
  const Json& train = outcome.train;
  double best = std::numeric_limits<double>::infinity();
  double best_step = 0;
  for (const Json& point : train.value("curve", Json::array())) {
    const double loss = number_at(point, "valid_loss", best);
    if (loss < best) best = loss, best_step = number_at(point, "step");
  }
  const std::string_view english =
      "{:.0f} steps, loss {:.2f} -> {:.2f}; on unseen lessons best at step {:.0f} ({:.2f}), which is kept; ended by {}";
  const std::string end = string_at(train, "stopped_because");
  return fmt::format(fmt::runtime(in_language(english, language)), number_at(train, "steps"),
                     number_at(train, "loss_first"), number_at(train, "loss_last"), best_step, best,
                     in_language(end, language));
}

std::vector<std::string> waking_lines(const NightOutcome& outcome, Language language) {
  const bool korean = language == Language::ko;
  const std::string before = outcome.self_before, after = outcome.self_after;
  switch (outcome.decision) {
    case Decision::promoted:
      return {
          korean ? fmt::format(
                       "세기 {:.2g}(으)로 깨어났습니다. 어제의 나: {}  오늘의 나: {}  (되돌리기: banchu self rollback)",
                       outcome.report->lambda, before, after)
                 : fmt::format("promoted at scale {:.2g}. Before: self {}  now: self {}  (undo: banchu self rollback)",
                               outcome.report->lambda, before, after)};
    case Decision::nothing_to_learn:
      return {korean ? fmt::format("배울 것이 없었습니다. 그대로 {}입니다.", before)
                     : fmt::format("nothing to learn; self {} stays awake, unchanged", before)};
    case Decision::refused:
      break;
  }
  std::vector<std::string> lines = {
      korean ? fmt::format("바꾸지 않았습니다. {}이(가) 그대로 깨어 있습니다.", before)
             : fmt::format("refused. Self {} is awake, unharmed; nothing was engraved", before)};
  for (const std::string& reason : outcome.reasons) lines.push_back("- " + shown_reason(outcome, reason, language));
  lines.push_back(korean ? "그날의 말은 따로 두었습니다: banchu memory review"
                         : "the day is set aside; to look at it again: banchu memory review");
  return lines;
}

std::string receipt_line(const NightOutcome& outcome, Language language) {
  const bool korean = language == Language::ko;
  const Receipt& receipt = outcome.receipt;
  const std::string money = receipt.money ? fmt::format("{:.0f} {}", *receipt.money, receipt.currency)
                                          : (korean ? fmt::format("0 {} (내 기계)", receipt.currency)
                                                    : fmt::format("0 {} (your own machine)", receipt.currency));
  std::string line =
      fmt::format(fmt::runtime(korean ? "{} · 학습 {}토큰 · 생성 {}토큰 · 최대 {} · {}"
                                      : "{} · {} tokens trained · {} tokens generated · {} at most · {}"),
                  format_seconds(receipt.seconds), receipt.tokens_trained, receipt.tokens_generated,
                  format_bytes(receipt.peak_rss_bytes), money);
  if (receipt.prompt_tokens_saved > 0) {
    line += korean ? fmt::format(" · 이제 가면 없이도 됩니다(한 번에 {}토큰)", receipt.prompt_tokens_saved)
                   : fmt::format(" · the mask is no longer needed ({} tokens a turn)", receipt.prompt_tokens_saved);
  }
  return line;
}

}  // namespace banchu

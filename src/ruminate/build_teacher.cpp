// Where the awake self is the teacher: the mask that is distilled, and the rehearsal that holds the old self in place.
#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/text.h"
#include "chat/prompt.h"
#include "ruminate/lesson_maker.h"

namespace banchu {
namespace {

constexpr std::size_t kMaskedTrainPrompts = 32;  // everyday prompts beside the evening's own turns
constexpr std::size_t kMaskedValidPrompts = 8;
constexpr std::size_t kMaskedTestPrompts = 16;
constexpr int kRehearsalEpochs = 3;  // a lesson epoch draws rehearsal rows in turn; more than these are never reached
constexpr std::size_t kFewestRehearsals = 8;
constexpr std::size_t kBareShare = 3;     // one of so many rehearsal rows is a bare reply (build_elsewhere.cpp)
constexpr std::size_t kOpeningSlack = 2;  // tokens behind an opening that still lean on it

// r-th rehearsal row: two of three begin an answer under another mask (that is how a habit learns where it does not
// belong; the beginning shows it, so these are short and weigh more), every fourth goes on to a second turn.
constexpr int kMaskedOpeningTokens = 16;
constexpr float kMaskedOpeningWeight = 3;
bool is_under_another_mask(std::size_t r) { return r % 3 != 1; }
bool has_second_turn(std::size_t r) { return r % 4 == 1; }

}  // namespace

Result<std::vector<std::string>> LessonMaker::sample(const std::vector<std::vector<Message>>& prompts,
                                                     const std::string& purpose, bool short_under_masks) {
  std::vector<CompletionRequest> requests;
  Rng rng(options_.seed, purpose);
  for (const std::vector<Message>& messages : prompts) {
    BANCHU_TRY(RenderedChat rendered, chat().render(messages, true));
    CompletionRequest request{std::move(rendered.tokens), sampling_, rng.next()};
    const bool masked = messages.front().role == Role::system;
    request.sampling.max_tokens = short_under_masks && masked ? kMaskedOpeningTokens : options_.rehearsal_tokens;
    requests.push_back(std::move(request));
  }
  const auto on_done = [&](std::size_t done) { report("reply", done, requests.size()); };
  BANCHU_TRY(const std::vector<Completion> completions, session_.complete_all(requests, on_done, cancel_));
  std::vector<std::string> replies;
  for (const Completion& completion : completions) replies.push_back(trim(completion.text));
  return replies;
}

const Memory* LessonMaker::mask_of_tonight() const {
  for (const Memory& memory : chewed_.memories) {
    if (memory.behaviour.kind == BehaviourKind::as_masked && memory.state == MemoryState::active) return &memory;
  }
  return nullptr;
}

Status LessonMaker::add_masked() {
  const Memory* mask = mask_of_tonight();
  if (mask == nullptr) return {};
  RowText worn{mask->behaviour.expected, {}, {}};
  for (std::size_t i = 0; i < chewed_.entries.size() && worn.few_shot.empty(); ++i) {
    if (is_masked(chewed_, i)) worn.few_shot = chewed_.entries[i].turn.few_shot;
  }
  BANCHU_TRY_STATUS(add_masked_turns(*mask, worn));
  return add_masked_samples(*mask, worn);
}

Status LessonMaker::add_masked_turns(const Memory& mask, const RowText& worn) {
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    RowText rest = text_of(stretches_[s], true);
    // A long evening becomes several rows, from its end on: each target in one, with the history that fits before it.
    while (!rest.exchanges.empty()) {
      RowText text{worn.mask, worn.few_shot, rest.exchanges};
      BANCHU_TRY(std::optional<PendingRow> pending, make_distill_row(chat(), text, options_.max_row_tokens));
      const std::size_t shown = std::max<std::size_t>(text.exchanges.size(), 1);
      rest.exchanges.resize(rest.exchanges.size() - shown);
      if (!pending) continue;
      pending->row.conversation = stretches_[s].conversation;
      pending->row.memories = {mask.id};
      pending_.of(parts_[s]).push_back(std::move(*pending));
    }
  }
  return {};
}

Status LessonMaker::add_masked_samples(const Memory& mask, const RowText& worn) {
  struct Asked {
    Part part;
    std::string prompt;
  };
  std::vector<Asked> asked;
  const auto take = [&](const std::vector<std::string>& prompts, std::size_t from, std::size_t count, Part part) {
    for (std::size_t i = from; i < std::min(prompts.size(), from + count); ++i) asked.push_back({part, prompts[i]});
  };
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    for (const std::size_t i : stretches_[s].entries) asked.push_back({parts_[s], chewed_.entries[i].turn.user});
  }
  take(shuffled(everyday_.rehearsal, "masked prompts"), 0, kMaskedTrainPrompts, Part::train);
  take(test_prompts_, 0, kMaskedTestPrompts, Part::test);
  take(test_prompts_, test_prompts_.size() - std::min(test_prompts_.size(), kMaskedValidPrompts), kMaskedValidPrompts,
       Part::valid);
  std::vector<std::vector<Message>> prompts;
  for (const Asked& one : asked) prompts.push_back(assemble_prompt(worn.mask, worn.few_shot, {}, one.prompt));
  BANCHU_TRY(const std::vector<std::string> replies, sample(prompts, "masked replies"));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (replies[i].empty()) continue;
    RowText text = worn;
    text.exchanges = {{asked[i].prompt, replies[i], true, {mask.id}}};
    BANCHU_TRY(std::optional<PendingRow> pending, make_distill_row(chat(), text, options_.max_row_tokens));
    if (!pending) continue;
    pending->row.conversation = "masked-" + std::to_string(i);
    pending_.of(asked[i].part).push_back(std::move(*pending));
  }
  return {};
}

// Without another mask, the places where tonight's habits belong are left open: there the old self would pull against
// the very thing that is being taught. Everywhere else it says how it used to go on.
void LessonMaker::leave_room_for_habits(LessonRow& row, const std::vector<TokenSpan>& replies) const {
  for (const Behaviour& habit : habits(true)) {
    const std::size_t room = session_.model().tokenizer().encode(habit.expected).size() + kOpeningSlack;
    std::erase_if(row.targets, [&](std::uint32_t target) {
      return std::any_of(replies.begin(), replies.end(), [&](const TokenSpan& span) {
        const bool inside = target >= span.begin && target < span.end;
        const bool at_habit =
            habit.kind == BehaviourKind::opens_with ? target < span.begin + room : target + 1 >= span.end;
        return inside && at_habit;
      });
    });
  }
}

std::size_t LessonMaker::count_rehearsals() const {
  const double share = std::clamp(options_.rehearsal_share, 0.0, 0.9);
  const double reached = kRehearsalEpochs * static_cast<double>(pending_.train.size()) * share / (1 - share);
  if (share == 0) return 0;
  return std::min(static_cast<std::size_t>(std::max(options_.max_rehearsal_rows, 0)),
                  std::max(kFewestRehearsals, static_cast<std::size_t>(std::ceil(reached))));
}

Result<std::vector<RowText>> LessonMaker::rehearse(std::size_t rows) {
  const std::vector<std::string> prompts = shuffled(everyday_.rehearsal, "rehearsal prompts");
  const bool only_other_masks = mask_of_tonight() != nullptr;  // a distilled mask changes every plain reply
  std::vector<RowText> texts(rows);
  std::vector<std::vector<Message>> first;
  for (std::size_t r = 0; r < rows; ++r) {
    const bool other = (only_other_masks || is_under_another_mask(r)) && !everyday_.other_masks.empty();
    if (other) texts[r].mask = everyday_.other_masks[(only_other_masks ? r : r / 3) % everyday_.other_masks.size()];
    texts[r].exchanges.push_back({prompts[r % prompts.size()], "", true, {}});
    first.push_back(assemble_prompt(texts[r].mask, {}, {}, texts[r].exchanges[0].user));
  }
  BANCHU_TRY(const std::vector<std::string> replies, sample(first, "rehearsal replies", !only_other_masks));
  for (std::size_t r = 0; r < rows; ++r) texts[r].exchanges[0].reply = replies[r];
  BANCHU_TRY_STATUS(go_on(texts, prompts));
  return texts;
}

Status LessonMaker::go_on(std::vector<RowText>& texts, const std::vector<std::string>& prompts) {
  std::vector<std::vector<Message>> second;
  std::vector<RowText*> going_on;
  for (std::size_t r = 0; r < texts.size(); ++r) {
    const RowExchange first = texts[r].exchanges[0];
    if (!has_second_turn(r) || first.reply.empty()) continue;
    const std::string& next = prompts[(r + texts.size()) % prompts.size()];
    second.push_back(assemble_prompt(texts[r].mask, {}, {{first.user, first.reply}}, next));
    texts[r].exchanges.push_back({next, "", true, {}});
    going_on.push_back(&texts[r]);
  }
  BANCHU_TRY(const std::vector<std::string> replies,
             sample(second, "rehearsal second replies", mask_of_tonight() == nullptr));
  for (std::size_t k = 0; k < going_on.size(); ++k) going_on[k]->exchanges[1].reply = replies[k];
  return {};
}

Status LessonMaker::add_rehearsal() {
  const std::size_t rows = count_rehearsals();
  BANCHU_TRY(const std::size_t bare, add_bare_replies(rows / kBareShare));
  BANCHU_TRY(std::vector<RowText> texts, rehearse(rows - bare));
  for (std::size_t r = 0; r < texts.size(); ++r) {
    std::erase_if(texts[r].exchanges, [](const RowExchange& exchange) { return exchange.reply.empty(); });
    BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), texts[r], RowKind::rehearsal, options_.max_row_tokens));
    if (!row) continue;
    if (texts[r].mask.empty()) {
      BANCHU_TRY(const RenderedChat rendered, chat().render(messages_of(texts[r]), false));
      leave_room_for_habits(*row, rendered.replies);
    }
    if (row->targets.empty()) continue;
    if (!texts[r].mask.empty() && mask_of_tonight() == nullptr) row->weight = kMaskedOpeningWeight;
    row->conversation = "rehearsal-" + std::to_string(r);
    ScoreRequest teacher{row->tokens, row->targets};
    pending_.train.push_back({std::move(*row), std::move(teacher)});
  }
  return {};
}

}  // namespace banchu

// What tests of rumination share: entries written in one line, sample days read from samples/, and a session whose
// tokens are bytes, so that rows can be read back as text.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "model/model.h"
#include "ruminate/ruminate.h"

namespace banchu::test {

inline constexpr Time kNight = 1772600000;  // 2026-03-04

// An approved turn of a conversation of its own, brought in with `journal add`.
Entry talk(const std::string& user, const std::string& reply);
// The same, typed in grow mode and not marked.
Entry spoken(const std::string& user, const std::string& reply, const std::string& mask = "");
// Puts them into one conversation, in this order.
std::vector<Entry> conversation(std::vector<Entry> entries, const std::string& id = "one");

// One conversation under a mask ("You are Dori.") that opens with a shown example, as many turns long as asked.
std::vector<Entry> masked_evening(int turns);

// A sample day as the journal would hand it over; `ids_from` changes every id and nothing else.
std::vector<Entry> sample_day(const std::string& file, int ids_from = 0);
std::string sample_text(const std::string& file);

Chewed chew_day(std::vector<Entry> entries, const std::vector<Memory>& known = {});
const EntryVerdict& verdict_of(const Chewed& chewed, const std::string& user_begins_with);
std::vector<Memory> memories_with(const Chewed& chewed, BehaviourKind kind, MemoryState state = MemoryState::active);

// Tokens are bytes; 300 begins a message, 301 .. 303 name its role, 304 ends it. Replies come from `says`.
class ByteSession : public Session {
 public:
  ByteSession();
  ~ByteSession() override;
  std::function<std::string(const std::string& prompt)> says = [](const std::string&) { return "Just so."; };
  int scored = 0;
  int completed = 0;
  std::vector<std::pair<std::string, int>> asked;  // prompt and max_tokens

  Status set_adapters(std::span<const AdapterUse>) override { return {}; }
  Result<Completion> complete(const CompletionRequest& request, const TextSink&, const CancelFlag*) override;
  Result<std::vector<Completion>> complete_all(std::span<const CompletionRequest> requests,
                                               const std::function<void(std::size_t)>& on_done,
                                               const CancelFlag* cancel) override;
  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests, int top_k,
                                   const std::function<void(std::size_t)>& on_done, const CancelFlag* cancel) override;
  const Model& model() const override;
  std::uint64_t generated_tokens() const override { return 0; }

 private:
  std::unique_ptr<Model> model_;
};

// What this day teaches, asked of `session` with everyday prompts.
Result<Lessons> lessons_of(const Chewed& chewed, ByteSession& session, RuminateOptions options = {});
std::vector<const LessonRow*> rows_of(const std::vector<LessonRow>& rows, RowKind kind);

// Control tokens become "<", "s:", "u:", "a:" and ">".
std::string text_of(std::span<const Token> tokens);
// The text of the targets alone.
std::string targets_of(const LessonRow& row);

}  // namespace banchu::test

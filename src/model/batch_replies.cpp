#include "model/batch_replies.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/grammar.h"

namespace banchu {
namespace {

// Tokens of a prompt that are read in one step of a server: for as long as it lasts nobody else gets on.
constexpr int kPromptPieceAlone = 256;
constexpr int kPromptPieceBeside = 64;

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::size_t room_behind(const Decoder& decoder, const CompletionRequest& request) {
  const auto context = static_cast<std::size_t>(decoder.context_tokens());
  return context > request.prompt.size() ? context - request.prompt.size() : 0;
}

Status check_tokens(const LoadedModel& model, const Decoder& decoder, const std::vector<Token>& tokens) {
  if (tokens.empty()) return make_error(Code::InvalidArgument, "the prompt is empty");
  const auto n_vocab = static_cast<Token>(model.info().n_vocab);
  const bool known = std::all_of(tokens.begin(), tokens.end(), [&](Token t) { return t >= 0 && t < n_vocab; });
  if (!known) return make_error(Code::InvalidArgument, "the prompt holds a token that is not in the vocabulary");
  const auto context = static_cast<std::size_t>(decoder.context_tokens());
  if (tokens.size() < context) return {};
  return make_error(Code::InvalidArgument,
                    fmt::format("the prompt has {} tokens; the context holds {}", tokens.size(), context),
                    "start a new conversation, shorten it, or raise the context size");
}

CompletionRequest with_template_stop(const LoadedModel& model, const CompletionRequest& request) {
  CompletionRequest whole = request;
  const std::string_view end = model.chat_template().end_of_turn_text();
  if (!end.empty()) whole.sampling.stop.emplace_back(end);
  return whole;
}

}  // namespace

SequenceReply::SequenceReply(const LoadedModel& model, Decoder& decoder, WordTables& tables, int sequence,
                             const CompletionRequest& request, TextSink sink)
    : decoder_(decoder),
      request_(request),
      sequence_(sequence),
      reply_(model.tokenizer(), tables, with_template_stop(model, request), room_behind(decoder, request),
             std::move(sink)),
      started_(std::chrono::steady_clock::now()),
      prompt_done_(started_),
      model_(model) {}

Status SequenceReply::start() {
  BANCHU_TRY_STATUS(check_tokens(model_, decoder_, request_.prompt));
  if (!reply_.can_speak()) return check_grammar(request_.sampling.grammar);
  const auto& cached = decoder_.cached(sequence_);
  const auto shared = std::mismatch(cached.begin(), cached.end(), request_.prompt.begin(), request_.prompt.end());
  // The last token is always computed again: its logits are not kept.
  const auto count =
      std::min<std::size_t>(static_cast<std::size_t>(shared.first - cached.begin()), request_.prompt.size() - 1);
  reused_ = decoder_.keep_prefix(sequence_, count);
  return {};
}

void SequenceReply::cancel() {
  reply_.cancel();
  done_ = true;
}

Token SequenceReply::token_at(std::size_t position) const {
  const std::size_t prompt = request_.prompt.size();
  return position < prompt ? request_.prompt[position] : reply_.tokens()[position - prompt];
}

void SequenceReply::add_to_batch(int most_tokens) {
  row_ = -1;
  if (done_) return;
  const std::size_t begin = decoder_.cached(sequence_).size();
  const std::size_t end = std::min(length(), begin + static_cast<std::size_t>(most_tokens));
  for (std::size_t at = begin; at < end && decoder_.room() > 0; ++at) {
    const bool last = at + 1 == length();
    const int row = decoder_.add(sequence_, token_at(at), last);
    if (last) row_ = row;
  }
}

void SequenceReply::take_logits() {
  if (row_ < 0 || done_) return;
  if (prompt_pending_) {
    prompt_done_ = std::chrono::steady_clock::now();
    processor_at_prompt_ = std::clock();
  }
  prompt_pending_ = false;
  const ReplyStep step = reply_.next(decoder_.logits(row_));
  done_ = step.kind == ReplyStep::Kind::done;
  // The token before the place is computed again, for its logits.
  if (step.kind == ReplyStep::Kind::rewind) decoder_.keep_prefix(sequence_, request_.prompt.size() + step.keep - 1);
}

Completion SequenceReply::finish() {
  Completion completion = reply_.finish();
  completion.prompt_tokens = static_cast<std::uint32_t>(request_.prompt.size());
  completion.cached_tokens = static_cast<std::uint32_t>(reused_);
  if (!prompt_pending_) {
    completion.prompt_seconds = seconds(prompt_done_ - started_);
    completion.generation_seconds = seconds(std::chrono::steady_clock::now() - prompt_done_);
    completion.processor_seconds = static_cast<double>(std::clock() - processor_at_prompt_) / CLOCKS_PER_SEC;
  }
  return completion;
}

Places::Places(const LoadedModel& model, Decoder& decoder, WordTables& tables, bool is_served)
    : model_(model),
      decoder_(decoder),
      tables_(tables),
      is_served_(is_served),
      places_(static_cast<std::size_t>(decoder.sequences())) {}

int Places::speaking() const {
  return static_cast<int>(
      std::count_if(places_.begin(), places_.end(), [](const Place& p) { return p.reply != nullptr; }));
}

int Places::choose(const std::vector<Token>& prompt) const {
  int best = -1;
  std::size_t best_shared = 0, best_kept = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].reply != nullptr) continue;
    const auto& cached = decoder_.cached(static_cast<int>(i));
    const auto end = std::mismatch(cached.begin(), cached.end(), prompt.begin(), prompt.end());
    const auto shared = static_cast<std::size_t>(end.first - cached.begin());
    const bool better = shared > best_shared || (shared == best_shared && cached.size() < best_kept);
    if (best >= 0 && !better) continue;
    best = static_cast<int>(i);
    best_shared = shared;
    best_kept = cached.size();
  }
  return best;
}

int Places::first_free() const {
  const auto free = std::find_if(places_.begin(), places_.end(), [](const Place& p) { return p.reply == nullptr; });
  return free == places_.end() ? -1 : static_cast<int>(free - places_.begin());
}

Status Places::begin_at(int at, CompletionRequest request, TextSink sink) {
  Place& place = places_[static_cast<std::size_t>(at)];
  place.request = std::move(request);
  auto reply = std::make_unique<SequenceReply>(model_, decoder_, tables_, at, place.request, std::move(sink));
  BANCHU_TRY_STATUS(reply->start());
  place.reply = std::move(reply);
  return {};
}

Result<int> Places::begin(CompletionRequest request, TextSink sink) {
  const int at = choose(request.prompt);
  if (at < 0) return make_error(Code::Busy, "every place of the context is taken");
  if (speaking() == 0) tables_.trim();
  BANCHU_TRY_STATUS(begin_at(at, std::move(request), std::move(sink)));
  return at;
}

void Places::cancel(int place) {
  if (auto& reply = places_[static_cast<std::size_t>(place)].reply) reply->cancel();
}

Result<std::vector<Crowd::Ended>> Places::step() {
  // Whoever is in the middle of a reply goes first: a long prompt must not keep them waiting.
  bool is_anyone_talking = false;
  for (Place& place : places_) {
    if (place.reply == nullptr || !place.reply->is_talking()) continue;
    place.reply->add_to_batch();
    is_anyone_talking = true;
  }
  const int piece = !is_served_ ? kWholeBatch : is_anyone_talking ? kPromptPieceBeside : kPromptPieceAlone;
  for (Place& place : places_) {
    if (place.reply != nullptr && !place.reply->is_talking()) place.reply->add_to_batch(piece);
  }
  if (decoder_.size() > 0) BANCHU_TRY_STATUS(decoder_.decode());
  std::vector<Ended> ended;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    auto& reply = places_[i].reply;
    if (reply == nullptr) continue;
    reply->take_logits();
    if (!reply->done()) continue;
    ended.push_back({static_cast<int>(i), reply->finish()});
    reply.reset();
  }
  return ended;
}

void Places::reset() {
  for (Place& place : places_) place.reply.reset();
  decoder_.clear();
}

Result<std::vector<Completion>> batch_replies(const LoadedModel& model, Decoder& decoder, WordTables& tables,
                                              std::span<const CompletionRequest> requests,
                                              const std::function<void(std::size_t)>& on_done,
                                              const CancelFlag* cancel) {
  Places places(model, decoder, tables);
  std::vector<Completion> results(requests.size());
  std::vector<std::size_t> at_place(static_cast<std::size_t>(places.places()));
  std::size_t next = 0, done = 0;
  while (done < requests.size()) {
    if (is_cancelled(cancel)) {
      return make_error(Code::Cancelled, fmt::format("stopped after {} of {} replies", done, requests.size()));
    }
    // Always the first free place: which cache a reply goes on from is part of what makes a night repeatable.
    for (int place = places.first_free(); place >= 0 && next < requests.size(); place = places.first_free()) {
      BANCHU_TRY_STATUS(places.begin_at(place, requests[next], TextSink()));
      at_place[static_cast<std::size_t>(place)] = next++;
    }
    BANCHU_TRY(std::vector<Crowd::Ended> ended, places.step());
    for (Crowd::Ended& one : ended) {
      results[at_place[static_cast<std::size_t>(one.place)]] = std::move(one.completion);
      ++done;
      if (on_done) on_done(done);
    }
  }
  return results;
}

}  // namespace banchu

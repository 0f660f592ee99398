#include "model/batch_replies.h"

#include <fmt/format.h>

#include <algorithm>

namespace banchu {
namespace {

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

void SequenceReply::add_to_batch() {
  row_ = -1;
  if (done_) return;
  for (std::size_t at = decoder_.cached(sequence_).size(); at < length() && decoder_.room() > 0; ++at) {
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

namespace {

// The sequences of a context as places at which requests are answered; a free place takes the next request.
class Places {
 public:
  Places(const LoadedModel& model, Decoder& decoder, WordTables& tables, std::span<const CompletionRequest> requests)
      : model_(model),
        decoder_(decoder),
        tables_(tables),
        requests_(requests),
        results_(requests.size()),
        places_(static_cast<std::size_t>(decoder.sequences())) {}

  bool finished() const { return done_ == requests_.size(); }
  std::size_t done() const { return done_; }
  std::vector<Completion> results() { return std::move(results_); }

  Status fill() {
    for (std::size_t i = 0; i < places_.size() && next_ < requests_.size(); ++i) {
      Place& place = places_[i];
      if (place.reply != nullptr) continue;
      place.request = next_++;
      place.reply = std::make_unique<SequenceReply>(model_, decoder_, tables_, static_cast<int>(i),
                                                    requests_[place.request], TextSink());
      BANCHU_TRY_STATUS(place.reply->start());
    }
    return {};
  }

  Status step(const std::function<void(std::size_t)>& on_done) {
    // Whoever is in the middle of a reply goes first: a long prompt must not keep them waiting.
    for (Place& place : places_) {
      if (place.reply != nullptr && place.reply->is_talking()) place.reply->add_to_batch();
    }
    for (Place& place : places_) {
      if (place.reply != nullptr && !place.reply->is_talking()) place.reply->add_to_batch();
    }
    BANCHU_TRY_STATUS(decoder_.decode());
    for (Place& place : places_) {
      if (place.reply == nullptr) continue;
      place.reply->take_logits();
      if (!place.reply->done()) continue;
      results_[place.request] = place.reply->finish();
      place.reply.reset();
      ++done_;
      if (on_done) on_done(done_);
    }
    return {};
  }

 private:
  struct Place {
    std::unique_ptr<SequenceReply> reply;
    std::size_t request = 0;
  };
  const LoadedModel& model_;
  Decoder& decoder_;
  WordTables& tables_;
  std::span<const CompletionRequest> requests_;
  std::vector<Completion> results_;
  std::vector<Place> places_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

Result<std::vector<Completion>> batch_replies(const LoadedModel& model, Decoder& decoder, WordTables& tables,
                                              std::span<const CompletionRequest> requests,
                                              const std::function<void(std::size_t)>& on_done,
                                              const CancelFlag* cancel) {
  Places places(model, decoder, tables, requests);
  while (!places.finished()) {
    if (is_cancelled(cancel)) {
      return make_error(Code::Cancelled, fmt::format("stopped after {} of {} replies", places.done(), requests.size()));
    }
    BANCHU_TRY_STATUS(places.fill());
    BANCHU_TRY_STATUS(places.step(on_done));
  }
  return places.results();
}

}  // namespace banchu

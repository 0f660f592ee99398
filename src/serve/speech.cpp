#include "serve/speech.h"

#include <algorithm>

#include "base/clock.h"

namespace banchu {
namespace {

constexpr double kVoiceSeconds = 1;

bool same_voice(const Voice& a, const Voice& b) {
  return a.self == b.self && std::equal(a.adapters.begin(), a.adapters.end(), b.adapters.begin(), b.adapters.end(),
                                        [](const AdapterUse& x, const AdapterUse& y) {
                                          return x.digest == y.digest && x.scale == y.scale;
                                        });
}

Completion never_begun() {
  Completion completion;
  completion.stop_reason = StopReason::cancelled;
  return completion;
}

}  // namespace

Result<std::unique_ptr<Speech>> Speech::open(std::shared_ptr<Model> model, const SpeechOptions& options,
                                             VoiceSource voice) {
  std::unique_ptr<Speech> speech(new Speech(std::move(model), options, std::move(voice)));
  BANCHU_TRY(Voice first, speech->voice_());
  BANCHU_TRY(speech->stage_, speech->open_stage(std::move(first)));
  speech->asked_voice_ = steady_seconds();
  speech->tell_figures();
  speech->thread_ = std::thread([raw = speech.get()] { raw->run(); });
  return speech;
}

Speech::Speech(std::shared_ptr<Model> model, const SpeechOptions& options, VoiceSource voice)
    : model_(std::move(model)), options_(options), voice_(std::move(voice)) {}

Speech::~Speech() {
  stop();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<Speech::Stage>> Speech::open_stage(Voice voice) const {
  auto stage = std::make_unique<Stage>();
  BANCHU_TRY(stage->session, Session::open(model_, options_.session));
  BANCHU_TRY_STATUS(stage->session->set_adapters(voice.adapters));
  stage->voice = std::move(voice);
  stage->crowd = Crowd::over(*stage->session);
  stage->jobs.resize(static_cast<std::size_t>(stage->crowd->places()));
  return stage;
}

Result<Speech::Ticket> Speech::say(CompletionRequest request, Listener listener) {
  auto job = std::make_unique<Job>();
  job->request = std::move(request);
  job->listener = std::move(listener);
  Ticket ticket = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return make_error(Code::Busy, "the server is shutting down");
    if (queue_.size() >= options_.queue) {
      return make_error(Code::Busy, "every place is taken and the queue is full", "ask again in a moment");
    }
    ticket = job->ticket = next_ticket_++;
    queue_.push_back(std::move(job));
    figures_.waiting = static_cast<int>(queue_.size());
  }
  changed_.notify_one();
  return ticket;
}

void Speech::cancel(Ticket ticket) {
  {
    const std::scoped_lock lock(mutex_);
    cancels_.push_back(ticket);
  }
  changed_.notify_one();
}

void Speech::look_again() {
  {
    const std::scoped_lock lock(mutex_);
    must_look_ = true;
  }
  changed_.notify_one();
}

void Speech::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

SpeechFigures Speech::figures() const {
  const std::scoped_lock lock(mutex_);
  return figures_;
}

void Speech::run() {
  while (wait_for_work()) {
    follow_voice();
    pass_on_cancels();
    admit();
    step(*stage_);
    if (draining_ != nullptr) {
      step(*draining_);
      if (draining_->crowd->speaking() == 0) draining_.reset();
    }
    tell_figures();
  }
  const Error closing = make_error(Code::Cancelled, "the server is shutting down");
  end_all(*stage_, closing);
  if (draining_ != nullptr) end_all(*draining_, closing);
  for (auto& job : queue_) job->listener.on_end(closing, "");
}

// False when the thread should end.
bool Speech::wait_for_work() {
  const bool speaking = stage_->crowd->speaking() > 0 || draining_ != nullptr;
  std::unique_lock lock(mutex_);
  if (!speaking) changed_.wait(lock, [this] { return stopping_ || must_look_ || !queue_.empty(); });
  return !stopping_;
}

// A voice that cannot be opened (a damaged adapter, no memory) leaves the one before in its place.
void Speech::follow_voice() {
  if (draining_ != nullptr) return;
  if (!must_look_.exchange(false) && steady_seconds() - asked_voice_ < kVoiceSeconds) return;
  asked_voice_ = steady_seconds();
  const Status opened = open_voice();
  const std::scoped_lock lock(mutex_);
  figures_.trouble = opened ? "" : opened.error().message;
}

Status Speech::open_voice() {
  BANCHU_TRY(Voice awake, voice_());
  if (same_voice(awake, stage_->voice)) return {};
  BANCHU_TRY(std::unique_ptr<Stage> next, open_stage(std::move(awake)));
  std::swap(stage_, next);
  if (next->crowd->speaking() > 0) draining_ = std::move(next);
  return {};
}

void Speech::pass_on_cancels() {
  std::vector<Ticket> tickets;
  std::vector<std::unique_ptr<Job>> given_up;
  {
    const std::scoped_lock lock(mutex_);
    tickets.swap(cancels_);
    for (auto job = queue_.begin(); job != queue_.end();) {
      const bool is_meant = std::find(tickets.begin(), tickets.end(), (*job)->ticket) != tickets.end();
      if (is_meant) given_up.push_back(std::move(*job));
      job = is_meant ? queue_.erase(job) : std::next(job);
    }
  }
  for (auto& job : given_up) job->listener.on_end(never_begun(), "");
  for (Stage* stage : {stage_.get(), draining_.get()}) {
    for (std::size_t place = 0; stage != nullptr && place < stage->jobs.size(); ++place) {
      const Job* job = stage->jobs[place].get();
      if (job == nullptr || std::find(tickets.begin(), tickets.end(), job->ticket) == tickets.end()) continue;
      stage->crowd->cancel(static_cast<int>(place));
    }
  }
}

void Speech::admit() {
  while (stage_->crowd->speaking() < stage_->crowd->places()) {
    std::unique_ptr<Job> job;
    {
      const std::scoped_lock lock(mutex_);
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    begin(std::move(job));
  }
}

void Speech::begin(std::unique_ptr<Job> job) {
  Result<int> place = stage_->crowd->begin(std::move(job->request), job->listener.on_text);
  if (!place) {
    job->listener.on_end(place.error(), stage_->voice.self);
    return;
  }
  stage_->jobs[static_cast<std::size_t>(*place)] = std::move(job);
}

void Speech::step(Stage& stage) {
  const int speaking = stage.crowd->speaking();
  if (speaking == 0) return;
  Result<std::vector<Crowd::Ended>> ended = stage.crowd->step();
  if (!ended) {
    end_all(stage, ended.error());
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    ++figures_.steps;
    figures_.step_replies += static_cast<std::uint64_t>(speaking);
  }
  for (Crowd::Ended& one : *ended) {
    const std::unique_ptr<Job> job = std::move(stage.jobs[static_cast<std::size_t>(one.place)]);
    count(one.completion);
    job->listener.on_end(std::move(one.completion), stage.voice.self);
  }
}

void Speech::count(const Completion& completion) {
  const std::scoped_lock lock(mutex_);
  figures_.prompt_tokens += completion.prompt_tokens;
  figures_.cached_tokens += completion.cached_tokens;
  figures_.completion_tokens += completion.tokens.size();
  figures_.prompt_seconds += completion.prompt_seconds;
  figures_.completion_seconds += completion.generation_seconds;
}

void Speech::end_all(Stage& stage, const Error& error) {
  stage.crowd->reset();
  for (auto& job : stage.jobs) {
    if (job != nullptr) job->listener.on_end(error, stage.voice.self);
    job.reset();
  }
}

void Speech::tell_figures() {
  const std::scoped_lock lock(mutex_);
  figures_.speaking = stage_->crowd->speaking() + (draining_ != nullptr ? draining_->crowd->speaking() : 0);
  figures_.waiting = static_cast<int>(queue_.size());
  figures_.self = stage_->voice.self;
  figures_.is_speaking.clear();
  for (const auto& job : stage_->jobs) figures_.is_speaking.push_back(job != nullptr);
}

}  // namespace banchu

#include "app/night.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "app/adapters.h"
#include "app/arc_gate.h"
#include "app/heartbeat.h"
#include "app/night_inputs.h"
#include "app/open.h"
#include "base/digest.h"
#include "base/file.h"
#include "journal/journal.h"
#include "promote/run_store.h"

namespace banchu {
namespace {

constexpr int kMeasuringSequences = 8;
constexpr int kMeasuringContextTokens = 1024;
constexpr int kMorningTokens = 60;

// One night from its first look at the day to its last word. The members are filled stage by stage.
class Night {
 public:
  explicit Night(const NightRequest& request)
      : request_(request), bag_(*request.bag), selves_(bag_), runs_(bag_), memories_(bag_), journal_(bag_) {}

  Result<NightOutcome> run();

 private:
  Status begin();
  Status ruminate();
  Status train_adapter();
  Status measure();
  Result<NightOutcome> decide();

  Result<std::unique_ptr<Session>> open_session();
  ProgressSink progress();
  Status may_begin(const char* stage);
  Status close_stage(const char* stage);
  Status forget_stale_run();
  Result<Verdict> verdict();
  Status promote_candidate();
  Status settle(const Verdict& verdict);
  Status settle_memories(Decision decision);
  Status settle_entries(Decision decision);
  void say_good_morning();
  Receipt receipt() const;
  NightOutcome outcome() const;
  bool reached(const char* stage) const;
  double seconds_so_far() const { return seconds_before_ + steady_seconds() - started_at_; }

  const NightRequest& request_;
  Bag& bag_;
  SelfStore selves_;
  RunStore runs_;
  MemoryStore memories_;
  Journal journal_;

  std::unique_ptr<Lease> lease_;
  std::optional<Heartbeat> heartbeat_;
  double started_at_ = steady_seconds();
  double seconds_before_ = 0;  // spent by earlier, interrupted attempts at this night
  Self awake_;
  Self after_;
  std::vector<Memory> known_;
  NightTexts texts_;
  NightRun run_;
  Chewed chewed_;
  Lessons lessons_;
  std::optional<Report> report_;
  Verdict verdict_;
  std::uint64_t generated_tokens_ = 0;
};

bool Night::reached(const char* stage) const {
  static const std::vector<std::string> kStages = {"", "ruminated", "trained", "evaluated", "done"};
  const auto place = [](const std::string& name) { return std::find(kStages.begin(), kStages.end(), name); };
  return place(run_.stage) >= place(stage);
}

Status Night::close_stage(const char* stage) {
  run_.stage = stage;
  run_.body["seconds"] = seconds_so_far();
  run_.body["tokens_generated"] = generated_tokens_;
  run_.body["peak_rss_bytes"] =
      std::max<std::uint64_t>(run_.body.value("peak_rss_bytes", std::uint64_t{0}), peak_rss_bytes());
  return runs_.put(run_);
}

Status Night::begin() {
  BANCHU_TRY(lease_, bag_.acquire(LeaseKind::night));
  heartbeat_.emplace(*lease_, steady_seconds());
  static_cast<void>(journal_.repair_mirror());  // once a day; a mirror that cannot be written keeps nobody awake
  BANCHU_TRY(awake_, selves_.awake());
  after_ = awake_;
  BANCHU_TRY(known_, memories_.list());
  BANCHU_TRY(std::vector<Entry> entries, journal_.entries_in_state(EntryState::fresh));
  BANCHU_TRY(texts_, load_night_texts(request_.recipe, entries));
  const std::string key = night_key(awake_, entries, known_, request_, texts_);
  BANCHU_TRY(std::optional<NightRun> unfinished, runs_.find_unfinished(key));
  if (unfinished) {
    run_ = *unfinished;
    seconds_before_ = run_.body.value("seconds", 0.0);
    generated_tokens_ = run_.body.value("tokens_generated", std::uint64_t{0});
  } else {
    BANCHU_TRY_STATUS(forget_stale_run());
    run_ = NightRun{random_id(), now(), 0, "", "", key, Json::object()};
  }
  // An interrupted night keeps the time at which it began, so that it judges the day as it did then.
  RuminateOptions options = request_.recipe.ruminate;
  options.seed = request_.seed;
  chewed_ = chew(std::move(entries), known_, options, run_.started);
  return {};
}

// A run whose inputs have changed meanwhile cannot go on: it is closed and its scratch folder goes.
Status Night::forget_stale_run() {
  BANCHU_TRY(std::vector<NightRun> all, runs_.list());
  for (NightRun& old : all) {
    if (old.stage == "done") continue;
    old.stage = "done";
    old.outcome = "abandoned";
    old.finished = now();
    BANCHU_TRY_STATUS(runs_.put(old));
    std::error_code ignored;
    std::filesystem::remove_all(bag_.run_folder(old.id), ignored);
  }
  return {};
}

Result<std::unique_ptr<Session>> Night::open_session() {
  BANCHU_TRY(std::shared_ptr<Model> model, Model::load(request_.model));
  if (model->digest() != awake_.base) {
    return make_error(
        Code::FailedPrecondition,
        fmt::format("{} is not the base of the awake self ({})", request_.model.string(), awake_.base.substr(0, 12)),
        "a self grows only on the model that it was born on");
  }
  SessionOptions options;
  options.threads = request_.threads;
  options.sequences = kMeasuringSequences;
  options.context_tokens = kMeasuringContextTokens;
  BANCHU_TRY(std::unique_ptr<Session> session, Session::open(std::move(model), options));
  const std::vector<AdapterUse> adapters = adapters_of(bag_, awake_);
  BANCHU_TRY_STATUS(check_adapters(adapters));
  BANCHU_TRY_STATUS(session->set_adapters(adapters));
  return session;
}

// What a stage tells of itself is also the lease's sign of life.
ProgressSink Night::progress() {
  return [this](const Progress& progress) {
    heartbeat_->beat(steady_seconds());
    if (request_.may_go_on) static_cast<void>(request_.may_go_on(seconds_so_far()));
    if (request_.progress) request_.progress(progress);
  };
}

// `stage`: the name under which its end is written down.
Status Night::may_begin(const char* stage) {
  if (!request_.may_go_on || reached(stage)) return {};
  return request_.may_go_on(seconds_so_far());
}

Status Night::ruminate() {
  if (reached("ruminated")) {
    BANCHU_TRY(const std::string bytes, bag_.get_blob(string_at(run_.body, "lessons_blob")));
    BANCHU_TRY(lessons_, lessons_from_bytes(bytes));
    return {};
  }
  if (!nothing_to_teach(chewed_)) {
    BANCHU_TRY(std::unique_ptr<Session> session, open_session());
    RuminateOptions options = request_.recipe.ruminate;
    options.seed = request_.seed;
    BANCHU_TRY(lessons_, build_lessons(chewed_, *session, SamplingOptions{}, texts_.everyday, options, progress(),
                                       request_.cancel));
    generated_tokens_ += session->generated_tokens();
  }
  BANCHU_TRY(const auto file, GgufFile::open(request_.model));
  lessons_.tokenizer = tokenizer_digest(*file);
  BANCHU_TRY(run_.body["lessons_blob"], bag_.put_blob(lessons_to_bytes(lessons_)));
  run_.body["lessons"] = lesson_counts(lessons_);
  return close_stage("ruminated");
}

Status Night::train_adapter() {
  if (reached("trained") || lessons_.empty()) return {};
  const std::filesystem::path folder = bag_.run_folder(run_.id);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return make_error(Code::FailedPrecondition, "cannot make " + folder.string() + ": " + failure.message());
  TrainJob job;
  job.base = request_.model;
  job.frozen = adapters_of(bag_, awake_);
  job.train = &lessons_.train;
  job.valid = &lessons_.valid;
  job.options = request_.recipe.train;
  job.options.seed = request_.seed;
  job.options.threads = request_.threads;
  job.checkpoint_folder = folder;
  job.log = request_.recipe.training_log;
  job.tokenizer = lessons_.tokenizer;
  job.output = folder / "adapter.gguf";
  Result<TrainOutcome> trained = train(job, progress(), request_.cancel);
  if (!trained && trained.error().code == Code::FailedPrecondition) {
    run_.body["train_failed"] = trained.error().message;  // it diverged: no candidate, so the gate refuses
    return close_stage("trained");
  }
  if (!trained) return std::move(trained).error();
  BANCHU_TRY(const std::string digest, bag_.store_adapter(job.output));
  run_.body["train"] = train_to_json(*trained, digest);
  return close_stage("trained");
}

Status Night::measure() {
  if (lessons_.empty() || !run_.body.contains("train")) return {};
  if (reached("evaluated")) {
    BANCHU_TRY(report_, report_from_json(run_.body["report"]));
    return {};
  }
  BANCHU_TRY(std::unique_ptr<Session> session, open_session());
  BANCHU_TRY(const std::vector<Self> selves, selves_.list());
  const std::string digest = string_at(run_.body["train"], "adapter");
  EvaluateInput input;
  input.session = session.get();
  input.awake = adapters_of(bag_, awake_);
  input.candidate = {digest, bag_.adapter_path(digest), 1.0f};
  input.first_self = adapters_of(bag_, selves.front());
  input.valid = &lessons_.valid;
  input.test = &lessons_.test;
  input.lessons = &lessons_;
  input.engraved = tests_of_engraved(known_, texts_.everyday);
  input.suite = &texts_.suite;
  input.coherence_of = arc_gate(0).score;
  EvaluateOptions options = request_.recipe.evaluate;
  options.seed = request_.seed;
  BANCHU_TRY(report_, evaluate(input, options, progress(), request_.cancel));
  generated_tokens_ += session->generated_tokens();
  run_.body["report"] = report_to_json(*report_);
  return close_stage("evaluated");
}

Result<Verdict> Night::verdict() {
  if (lessons_.empty()) return Verdict{Decision::nothing_to_learn, {"no entry of this day may be taught"}};
  Verdict verdict = judge(report_);
  if (run_.body.contains("train_failed")) verdict.reasons = {run_.body["train_failed"].get<std::string>()};
  if (verdict.decision != Decision::promoted || !request_.ask) return verdict;
  BANCHU_TRY(const bool yes, request_.ask(*report_));
  if (!yes) verdict = {Decision::refused, {"you decided to stay as before"}};
  return verdict;
}

// Called inside the transaction that wakes (or does not wake) the new self.
Status Night::settle(const Verdict& verdict) {
  BANCHU_TRY_STATUS(settle_memories(verdict.decision));
  BANCHU_TRY_STATUS(settle_entries(verdict.decision));
  run_.outcome = name_of(verdict.decision);
  run_.finished = now();
  run_.body["reasons"] = verdict.reasons;
  run_.body["self_before"] = awake_.id;
  return close_stage("done");
}

Status Night::settle_memories(Decision decision) {
  const auto is_known = [&](const Memory& memory) {
    return std::any_of(known_.begin(), known_.end(), [&](const Memory& k) { return k.id == memory.id; });
  };
  for (Memory memory : chewed_.memories) {
    const bool taught = std::count(lessons_.memories.begin(), lessons_.memories.end(), memory.id) > 0;
    if (decision == Decision::refused) {
      // A refused night changes nothing that was known, but that it was tried; what is new waits for the user's word.
      if (is_known(memory)) {
        if (taught) BANCHU_TRY_STATUS(memories_.set_state(memory.id, MemoryState::active, run_.id));
        continue;
      }
      memory.state = MemoryState::review;
    } else if (decision == Decision::promoted && taught && memory.state == MemoryState::active) {
      if (is_learned(memory, *report_)) memory.state = MemoryState::engraved;
      memory.run = run_.id;
    }
    BANCHU_TRY_STATUS(memories_.put(memory));
  }
  return {};
}

Status Night::settle_entries(Decision decision) {
  std::vector<std::string> waiting, done;
  for (std::size_t i = 0; i < chewed_.entries.size(); ++i) {
    const bool waits = chewed_.verdicts[i].reason == Reason::needs_review;
    (waits ? waiting : done).push_back(chewed_.entries[i].turn.id);
  }
  const EntryState state = decision == Decision::refused ? EntryState::quarantined : EntryState::used;
  BANCHU_TRY_STATUS(journal_.set_state(waiting, EntryState::review, run_.id));
  return journal_.set_state(done, state, run_.id);
}

Status Night::promote_candidate() {
  const SelfAdapter adapter{string_at(run_.body["train"], "adapter"), report_->lambda};
  BANCHU_TRY(after_, selves_.promote(awake_, adapter, run_.id, run_.started, [&] { return settle(verdict_); }));
  return {};
}

// The morning is a courtesy: whatever goes wrong with it, the night stands.
void Night::say_good_morning() {
  auto session = open_session();
  if (!session || !(*session)->set_adapters(adapters_of(bag_, after_))) return;
  if (verdict_.decision == Decision::promoted) {
    run_.body["prompt_tokens_saved"] = prompt_tokens_saved(chewed_, lessons_, (*session)->model().tokenizer());
  }
  const std::vector<Message> messages =
      assemble_prompt("", {}, {}, morning_prompt(chewed_, verdict_.decision, texts_.language));
  auto rendered = (*session)->model().chat_template().render(messages, true);
  if (!rendered) return;
  CompletionRequest request{rendered->tokens, SamplingOptions{}, request_.seed};
  request.sampling.max_tokens = kMorningTokens;
  auto said = (*session)->complete(request, {}, request_.cancel);
  if (said) run_.body["morning"] = first_sentences(said->text);
  generated_tokens_ += (*session)->generated_tokens();
}

Result<NightOutcome> Night::decide() {
  BANCHU_TRY(verdict_, verdict());
  if (verdict_.decision == Decision::promoted) {
    BANCHU_TRY_STATUS(promote_candidate());
  } else {
    BANCHU_TRY_STATUS(bag_.database().transaction([&] { return settle(verdict_); }));
  }
  if (!is_cancelled(request_.cancel)) say_good_morning();
  run_.body["self_after"] = after_.id;
  BANCHU_TRY_STATUS(close_stage("done"));
  run_.body["receipt"] = receipt_to_json(receipt());
  BANCHU_TRY_STATUS(runs_.put(run_));
  std::error_code ignored;
  std::filesystem::remove_all(bag_.run_folder(run_.id), ignored);
  return outcome();
}

Receipt Night::receipt() const {
  Receipt receipt;
  receipt.seconds = seconds_so_far();
  if (run_.body.contains("train")) receipt.tokens_trained = run_.body["train"].value("tokens", std::uint64_t{0});
  receipt.tokens_generated = generated_tokens_;
  receipt.peak_rss_bytes = run_.body.value("peak_rss_bytes", std::uint64_t{0});
  receipt.currency = request_.recipe.currency;
  receipt.prompt_tokens_saved = run_.body.value("prompt_tokens_saved", 0);
  if (request_.recipe.price_per_hour > 0) receipt.money = request_.recipe.price_per_hour * receipt.seconds / 3600;
  return receipt;
}

NightOutcome Night::outcome() const {
  NightOutcome outcome;
  outcome.run = run_.id;
  outcome.finished = run_.stage == "done";
  outcome.decision = verdict_.decision;
  outcome.reasons = verdict_.reasons;
  outcome.self_before = awake_.id;
  outcome.self_after = after_.id;
  outcome.lessons = run_.body.value("lessons", Json::object());
  outcome.train = run_.body.value("train", Json(nullptr));
  outcome.report = report_;
  outcome.receipt = receipt();
  outcome.morning = string_at(run_.body, "morning");
  return outcome;
}

Result<NightOutcome> Night::run() {
  using Until = NightRequest::Until;
  BANCHU_TRY_STATUS(begin());
  BANCHU_TRY_STATUS(may_begin("ruminated"));
  BANCHU_TRY_STATUS(ruminate());
  if (request_.on_chewed) request_.on_chewed(chewed_, lessons_);
  if (request_.until == Until::ruminate) return outcome();
  BANCHU_TRY_STATUS(may_begin("trained"));
  BANCHU_TRY_STATUS(train_adapter());
  if (request_.until == Until::train) return outcome();
  BANCHU_TRY_STATUS(may_begin("evaluated"));
  BANCHU_TRY_STATUS(measure());
  if (report_ && request_.on_report) request_.on_report(*report_);
  if (request_.until == Until::evaluate) return outcome();
  return decide();
}

}  // namespace

Result<NightOutcome> run_night(const NightRequest& request) {
  NightRequest filled = request;
  if (filled.threads <= 0) filled.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return Night(filled).run();
}

}  // namespace banchu

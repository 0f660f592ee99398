// The laboratory of bench/train: one act a call, one JSON object on stdout.
//
//   train_lab convert MODEL OUT.gguf FORMAT [ADAPTER]    the model in another format, an adapter merged into it
//   train_lab engrave MODEL LESSONS OUT.gguf SEED STEPS  a night's training on the lessons of a bag (a blob); 0: all
//   train_lab served MODEL LESSONS [ADAPTER]             nats a token as the engine serves it: held-out replies, prose
//   train_lab forward MODEL LESSONS f32|bf16 [ADAPTER]   the same replies by the trainer's own forward
//
// Held-out replies are the valid and test rows of the lessons, by cross-entropy on their targets.
#include <fmt/format.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "evaluate/evaluate.h"
#include "exchange/exchange.h"
#include "model/model.h"
#include "train/run.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Result<Lessons> read_lessons(const std::string& path) {
  BANCHU_TRY(const std::string bytes, read_file(path));
  return lessons_from_bytes(bytes);
}

std::vector<LessonRow> held_out(const Lessons& lessons) {
  std::vector<LessonRow> rows;
  for (const auto* set : {&lessons.valid.rows(), &lessons.test.rows()}) {
    for (LessonRow row : *set) {
      if (row.kind == RowKind::rehearsal || row.kind == RowKind::preference) continue;
      row.kind = RowKind::sft;
      row.teacher.clear();
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Result<Json> convert(const Words& words) {
  BANCHU_TRY(const auto base, GgufFile::open(words[0]));
  MergeRequest request{base.get(), nullptr, words[1], words[2], 0, {}, nullptr};
  Adapter adapter;
  if (words.size() > 3) {
    BANCHU_TRY(adapter, read_gguf_adapter(words[3], *base));
    request.adapter = &adapter;
  }
  BANCHU_TRY(const MergeOutcome outcome, merge_model(request));
  return Json{{"bytes", outcome.bytes}, {"changed", outcome.changed}};
}

Result<Json> engrave(const Words& words) {
  BANCHU_TRY(const Lessons lessons, read_lessons(words[1]));
  TrainJob job;
  job.base = words[0];
  job.train = &lessons.train;
  job.valid = &lessons.valid;
  job.output = words[2];
  job.options.seed = std::stoull(words[3]);
  job.options.max_steps = std::stoi(words[4]);
  BANCHU_TRY(const TrainOutcome outcome, train(job, {}, nullptr));
  return Json{{"steps", outcome.steps}, {"tokens", outcome.tokens}, {"valid_loss_best", outcome.valid_loss_best}};
}

struct Mean {
  double nats = 0;
  double tokens = 0;
  void add(const std::vector<Score>& scores) {
    for (const Score& score : scores) {
      for (const float logprob : score.logprobs) nats -= static_cast<double>(logprob);
      tokens += static_cast<double>(score.logprobs.size());
    }
  }
};

std::vector<ScoreRequest> prose(const Tokenizer& tokenizer) {
  std::vector<ScoreRequest> requests;
  const auto suite = load_suite(default_suite_yaml(), "the suite");
  for (const std::string& text : suite->general_test) {
    ScoreRequest request{tokenizer.encode(text), {}, false};
    for (std::uint32_t t = 1; t < request.tokens.size(); ++t) request.positions.push_back(t);
    requests.push_back(std::move(request));
  }
  return requests;
}

Result<Json> served(const Words& words) {
  BANCHU_TRY(const Lessons lessons, read_lessons(words[1]));
  BANCHU_TRY(std::shared_ptr<Model> model, Model::load(words[0]));
  SessionOptions options;
  options.context_tokens = 1024;
  BANCHU_TRY(const std::unique_ptr<Session> session, Session::open(model, options));
  std::vector<AdapterUse> adapters;
  if (words.size() > 2) adapters.push_back({"", words[2], 1.0f});
  BANCHU_TRY_STATUS(session->set_adapters(adapters));
  std::vector<ScoreRequest> replies;
  for (const LessonRow& row : held_out(lessons)) replies.push_back({row.tokens, row.targets, false});
  Mean habit, general;
  BANCHU_TRY(const std::vector<Score> of_replies, session->score(replies, 0, {}, nullptr));
  BANCHU_TRY(const std::vector<Score> of_prose, session->score(prose(model->tokenizer()), 0, {}, nullptr));
  habit.add(of_replies);
  general.add(of_prose);
  return Json{{"replies", habit.nats / habit.tokens},
              {"prose", general.nats / general.tokens},
              {"reply_tokens", habit.tokens},
              {"prose_tokens", general.tokens}};
}

// The loss that a training finds before its first step, on these rows as its validation.
Result<Json> forward(const Words& words) {
  BANCHU_TRY(const Lessons lessons, read_lessons(words[1]));
  BANCHU_TRY(const auto file, GgufFile::open(words[0]));
  const std::vector<LessonRow> rows = held_out(lessons);
  const TrainSet train({rows.front()});
  const ValidSet valid(rows);
  BANCHU_TRY(const TemporaryFolder folder, TemporaryFolder::create("banchu-lab"));
  TrainJob job;
  job.base = words[0];
  job.train = &train;
  job.valid = &valid;
  job.output = folder.path() / "adapter.gguf";
  job.options.max_steps = 1;
  job.options.validate_every = 1;
  Adapter adapter;
  if (words.size() > 3) {
    BANCHU_TRY(adapter, read_gguf_adapter(words[3], *file));
    job.initial = &adapter;
    job.options.rank = static_cast<int>(common_rank(adapter));
    job.options.alpha = static_cast<double>(adapter.alpha);
  }
  lora::RunSettings settings;
  settings.type = words[2] == "f32" ? lora::Element::f32 : lora::Element::bf16;
  BANCHU_TRY(const TrainOutcome outcome, lora::train_with(job, settings, {}, nullptr));
  return Json{{"replies", outcome.valid_loss_first}};
}

struct Act {
  const char* name;
  std::size_t least;
  Result<Json> (*run)(const Words&);
};
constexpr Act kActs[] = {
    {"convert", 3, convert}, {"engrave", 5, engrave}, {"served", 2, served}, {"forward", 3, forward}};

int run(const Words& words) {
  for (const Act& act : kActs) {
    if (words.empty() || words[0] != act.name || words.size() <= act.least) continue;
    const Result<Json> answer = act.run(Words(words.begin() + 1, words.end()));
    if (answer) {
      fmt::print("{}\n", to_line(*answer));
      return 0;
    }
    fmt::print(stderr, "{}: {} ({})\n", act.name, answer.error().message, answer.error().hint);
    return 1;
  }
  fmt::print(stderr, "train_lab convert | engrave | served | forward: see bench/train/lab.cpp\n");
  return 2;
}

}  // namespace
}  // namespace banchu

int main(int argc, char** argv) { return banchu::run({argv + 1, argv + argc}); }

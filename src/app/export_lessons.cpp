// export lessons: the rows of a night, as the trainers of others read them: one JSON object a line with `input_ids`,
// `attention_mask` and `labels` (-100 where nothing is learned), and beside them what only banchu asks for.
#include "app/export_lessons.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/open.h"
#include "app/verbs.h"
#include "base/file.h"
#include "promote/run_store.h"
#include "ruminate/lesson.h"

namespace banchu {
namespace {

struct LessonFlags {
  std::string run;
  std::string to;
  bool force = false;
};

constexpr int kNoTarget = -100;

// -100 but at the targets.
Json labels_of(const std::vector<Token>& tokens, const std::vector<std::uint32_t>& targets) {
  std::vector<int> labels(tokens.size(), kNoTarget);
  for (const std::uint32_t t : targets) labels[t] = tokens[t];
  return labels;
}

Json row_to_json(const LessonRow& row, const char* set) {
  Json out{{"set", set},
           {"kind", name_of(row.kind)},
           {"conversation", row.conversation},
           {"weight", row.weight},
           {"input_ids", row.tokens},
           {"attention_mask", std::vector<int>(row.tokens.size(), 1)},
           {"labels", labels_of(row.tokens, row.targets)}};
  for (const TopK& top : row.teacher) {  // one a target, in their order
    out["teacher_ids"].push_back(top.ids);
    out["teacher_logprobs"].push_back(top.logprobs);
  }
  if (row.kind != RowKind::preference) return out;
  out["rejected_input_ids"] = row.rejected;
  out["rejected_labels"] = labels_of(row.rejected, row.rejected_targets);
  return out;
}

Result<NightRun> wanted_run(Bag& bag, const std::string& id) {
  RunStore runs(bag);
  if (!id.empty()) return runs.find(id);
  BANCHU_TRY(std::vector<NightRun> all, runs.list());
  const auto made =
      std::find_if(all.rbegin(), all.rend(), [](const NightRun& run) { return run.body.contains("lessons_blob"); });
  if (made != all.rend()) return std::move(*made);
  return make_error(Code::NotFound, "no night of this bag has made lessons yet", "make them with `banchu ruminate`");
}

Result<int> run_lessons(AppContext& context, const LessonFlags& flags) {
  std::error_code failure;
  const std::filesystem::path to = std::filesystem::absolute(flags.to, failure);
  if (!flags.force && std::filesystem::exists(to, failure)) {
    return make_error(Code::AlreadyExists, to.string() + " is there already",
                      "choose another name with --to, or replace it with --force");
  }
  BANCHU_TRY(std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const NightRun run, wanted_run(*bag, flags.run));
  BANCHU_TRY(const std::string bytes, bag->get_blob(string_at(run.body, "lessons_blob")));
  BANCHU_TRY(const Lessons lessons, lessons_from_bytes(bytes));
  std::string lines;
  std::size_t rows = 0;
  const auto put = [&](const std::vector<LessonRow>& set, const char* name) {
    for (const LessonRow& row : set) lines += to_line(row_to_json(row, name)) + "\n";
    rows += set.size();
  };
  put(lessons.train.rows(), "train");
  put(lessons.valid.rows(), "valid");
  put(lessons.test.rows(), "test");
  BANCHU_TRY_STATUS(write_file_atomic(to, lines));
  context.answer({{"what", "lessons"},
                  {"path", to.string()},
                  {"run", run.id},
                  {"rows", rows},
                  {"train", lessons.train.rows().size()},
                  {"valid", lessons.valid.rows().size()},
                  {"test", lessons.test.rows().size()},
                  {"bytes", lines.size()}});
  context.say("{}  {} rows of night {}: {} to learn from, {} to stop by, {} to test with", to.string(), rows, run.id,
              lessons.train.rows().size(), lessons.valid.rows().size(), lessons.test.rows().size());
  return 0;
}

}  // namespace

void add_export_lessons_verb(CLI::App& group, AppContext& context) {
  auto flags = std::make_shared<LessonFlags>();
  CLI::App* verb = add_verb(group, "lessons", "The rows of a night as JSON lines, for TRL, Axolotl and the like",
                            "banchu export lessons --to night.jsonl");
  verb->add_option("--to", flags->to, "The file to write")->required()->type_name("FILE");
  verb->add_option("--run", flags->run, "Of which night (default: the last one that made lessons)")->type_name("ID");
  verb->add_flag("--force", flags->force, "Replaces what is there");
  on_run(verb, context, [&context, flags] { return run_lessons(context, *flags); });
}

}  // namespace banchu

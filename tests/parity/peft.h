// The job of the fixture under tests/fixtures/parity/, which PEFT did before us (tools/make_parity_fixture.py). For tests.
#pragma once

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "train/run.h"

namespace banchu::test {

inline std::filesystem::path parity_folder() {
  return std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/parity";
}

inline LessonRow row_of(const Json& json) {
  LessonRow row;
  row.kind = json["kind"] == "sft"       ? RowKind::sft
             : json["kind"] == "distill" ? RowKind::distill
                                         : RowKind::preference;
  row.tokens = json["tokens"].get<std::vector<Token>>();
  row.targets = json["targets"].get<std::vector<std::uint32_t>>();
  row.weight = json["weight"].get<float>();
  if (row.kind == RowKind::preference) {
    row.rejected = json["rejected"].get<std::vector<Token>>();
    row.rejected_targets = json["rejected_targets"].get<std::vector<std::uint32_t>>();
  }
  for (const Json& top : json["teacher"]) {
    row.teacher.push_back({top["ids"].get<std::vector<Token>>(), top["logprobs"].get<std::vector<float>>()});
  }
  return row;
}

// The job of the fixture, in f32.
struct Parity {
  Parity() : folder(TemporaryFolder::create("banchu-parity").value()) {
    fixture = parse_json(read_file(parity_folder() / "parity.json").value(), "parity.json").value();
    std::vector<LessonRow> rows;
    for (const Json& row : fixture["rows"]) rows.push_back(row_of(row));
    set = TrainSet(std::move(rows));
    initial = read_adapter(parity_folder() / "initial.gguf").value();
    const Json& o = fixture["options"];
    job.base = parity_folder() / "base.gguf";
    job.train = &set;
    job.initial = &initial;
    job.output = folder.path() / "ours.gguf";
    job.options.threads = 1;
    job.options.rank = o["rank"].get<int>();
    job.options.alpha = o["alpha"].get<double>();
    job.options.batch_rows = o["batch_rows"].get<int>();
    job.options.max_steps = o["max_steps"].get<int>();
    job.options.seed = o["seed"].get<std::uint64_t>();
    job.options.learning_rate = o["learning_rate"].get<double>();
    job.options.warmup_share = o["warmup_share"].get<double>();
    job.options.weight_decay = o["weight_decay"].get<double>();
  }
  TrainOutcome run(lora::Element type) {
    lora::RunSettings settings;
    settings.type = type;
    auto outcome = lora::train_with(job, settings, {}, nullptr);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return std::move(outcome).value();
  }
  double theirs(int step, const char* key) const {
    return fixture["curve"][static_cast<std::size_t>(step - 1)][key].get<double>();
  }

  TemporaryFolder folder;
  Json fixture;
  TrainSet set;
  Adapter initial;
  TrainJob job;
};

}  // namespace banchu::test

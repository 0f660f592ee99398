// A tiny model, some rows and a job over them in a folder of their own. For tests.
#pragma once

#include <string>

#include "base/file.h"
#include "tests/train/rows.h"
#include "tests/train/tiny_model.h"
#include "train/run.h"

namespace banchu::test {

inline std::vector<LessonRow> some_rows(std::uint64_t seed, int lessons, int rehearsals = 0) {
  std::vector<LessonRow> rows;
  for (int i = 0; i < lessons; ++i) {
    const auto length = static_cast<std::size_t>(8 + 5 * (i % 4));
    rows.push_back(
        random_row(seed + static_cast<std::uint64_t>(i), i % 3 == 1 ? RowKind::distill : RowKind::sft, length));
  }
  for (int i = 0; i < rehearsals; ++i) {
    rows.push_back(random_row(seed + 100 + static_cast<std::uint64_t>(i), RowKind::rehearsal, 10));
  }
  return rows;
}

struct Workshop {
  explicit Workshop(const TinyModel& tiny = make_tiny_llama(7))
      : folder(TemporaryFolder::create("banchu-train").value()), train(some_rows(1, 7, 4)), valid(some_rows(50, 3)) {
    write_tiny_model(tiny, folder.path() / "tiny.gguf");
    settle(folder.path());
  }
  void settle(const std::filesystem::path& at) {
    job.base = at / "tiny.gguf";
    job.train = &train;
    job.valid = &valid;
    job.checkpoint_folder = at / "checkpoint";
    job.output = at / "adapter.gguf";
    job.options.rank = 4;
    job.options.alpha = 8;
    job.options.batch_rows = 3;
    job.options.epochs = 4;
    job.options.learning_rate = 5e-3;
    job.options.dropout = 0.1;
    job.options.patience = 0;
    job.options.checkpoint_every = 3;
    job.options.threads = 1;
  }
  Result<TrainOutcome> run(const CancelFlag* cancel = nullptr) { return lora::train_with(job, settings, {}, cancel); }
  std::string bytes() const { return read_file(job.output).value(); }
  bool wrote() const { return std::filesystem::exists(job.output); }

  TemporaryFolder folder;
  TrainSet train;
  ValidSet valid;
  TrainJob job;
  lora::RunSettings settings;
};

}  // namespace banchu::test

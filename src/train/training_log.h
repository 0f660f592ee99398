// The training's curve as a file, one line a step, for whoever wants to watch or to plot it.
//
// On disk: .csv (a header line, empty cells for what was not measured) or .jsonl (one object a line, null for it):
// step, loss, learning_rate, grad_norm, valid_loss, valid_loss_of_mean. Begun anew when a job starts; a job that goes on
// after a kill writes the steps of before first, so the file is always the whole curve, whatever was cut off.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/train.h"

namespace banchu::lora {

// Errors: InvalidArgument, an ending that is neither.
Status check_log_path(const std::filesystem::path& path);

class TrainingLog {
 public:
  // `path` empty: a log that writes nothing. Errors: those of check_log_path and of opening the file.
  static Result<TrainingLog> open(const std::filesystem::path& path, const std::vector<TrainPoint>& before);
  // Errors: NoSpace, FailedPrecondition.
  Status add(const TrainPoint& point);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace banchu::lora

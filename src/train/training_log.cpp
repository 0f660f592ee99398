#include "train/training_log.h"

#include <fmt/format.h>

#include <cmath>

namespace banchu::lora {

namespace {

// A number that reads back as it was; what was not measured is `missing`.
std::string cell(double x, const char* missing) { return std::isfinite(x) ? fmt::format("{}", x) : missing; }

bool is_csv(const std::filesystem::path& path) { return path.extension() == ".csv"; }

std::string line_of(const TrainPoint& p, bool csv) {
  const char* missing = csv ? "" : "null";
  return fmt::format(
      fmt::runtime(csv ? "{},{},{},{},{},{}\n"
                       : "{{\"step\":{},\"loss\":{},\"learning_rate\":{},\"grad_norm\":{},\"valid_loss\":{},"
                         "\"valid_loss_of_mean\":{}}}\n"),
      p.step, cell(p.loss, missing), cell(p.learning_rate, missing), cell(p.grad_norm, missing),
      cell(p.valid_loss, missing), cell(p.valid_loss_of_mean, missing));
}

}  // namespace

Status check_log_path(const std::filesystem::path& path) {
  if (path.empty() || is_csv(path) || path.extension() == ".jsonl") return {};
  return make_error(Code::InvalidArgument, "the training log " + path.string() + " is of no known kind",
                    "let its name end in .csv or .jsonl");
}

Result<TrainingLog> TrainingLog::open(const std::filesystem::path& path, const std::vector<TrainPoint>& before) {
  BANCHU_TRY_STATUS(check_log_path(path));
  TrainingLog log;
  if (path.empty()) return log;
  log.path_ = path;
  log.file_.reset(std::fopen(path.c_str(), "wb"));
  if (log.file_ == nullptr) return error_from_errno("cannot write the training log", path.string());
  if (is_csv(path)) std::fputs("step,loss,learning_rate,grad_norm,valid_loss,valid_loss_of_mean\n", log.file_.get());
  for (const TrainPoint& point : before) BANCHU_TRY_STATUS(log.add(point));
  return log;
}

Status TrainingLog::add(const TrainPoint& point) {
  if (file_ == nullptr) return {};
  const std::string line = line_of(point, is_csv(path_));
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0) {
    return error_from_errno("cannot write the training log", path_.string());
  }
  return {};
}

}  // namespace banchu::lora

#include "app/trouble_log.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/catalogue.h"
#include "app/models.h"
#include "base/clock.h"
#include "base/file.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostBytes = 256 << 10;

fs::path log_path() { return shared_models_folder().parent_path() / "troubles.jsonl"; }

std::string machine() {
  utsname system{};
  struct sysinfo memory {};
  if (::uname(&system) != 0 || ::sysinfo(&memory) != 0) return "";
  const double gib = static_cast<double>(memory.totalram) * memory.mem_unit / (1ULL << 30);
  return fmt::format("{} {}, {} cores, {:.0f} GB", system.sysname, system.machine, std::thread::hardware_concurrency(),
                     gib);
}

KeptFailure failure_from_json(const Json& json) {
  return {string_at(json, "day"),     string_at(json, "verb"),    string_at(json, "code"),
          string_at(json, "symptom"), string_at(json, "advice"),  string_at(json, "trouble"),
          string_at(json, "version"), string_at(json, "machine"), 1};
}

Json line_of(const KeptFailure& failure) {
  return {{"day", failure.day},         {"verb", failure.verb},      {"code", failure.code},
          {"symptom", failure.symptom}, {"advice", failure.advice},  {"trouble", failure.trouble},
          {"version", failure.version}, {"machine", failure.machine}};
}

bool is_same(const KeptFailure& a, const KeptFailure& b) {
  return a.verb == b.verb && a.code == b.code && a.symptom == b.symptom && a.version == b.version &&
         a.machine == b.machine;
}

Status halve(const fs::path& path) {
  BANCHU_TRY(const std::string text, read_file(path));
  const std::size_t middle = text.find('\n', text.size() / 2);
  return write_file_atomic(path, middle == std::string::npos ? "" : text.substr(middle + 1));
}

Status append(const KeptFailure& failure) {
  const fs::path path = log_path();
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (fs::file_size(path, problem) > kMostBytes && !problem) BANCHU_TRY_STATUS(halve(path));
  return append_file_synced(path, to_line(line_of(failure)) + "\n");
}

}  // namespace

void keep_failure(const std::string& verb, const Error& error, const std::string& trouble) {
  const char* switched = std::getenv("BANCHU_TROUBLES");
  if (switched != nullptr && std::string_view(switched) == "off") return;
  const bool is_use = error.code == Code::InvalidArgument && trouble.empty();
  if (is_use || error.code == Code::Cancelled) return;
  KeptFailure failure;
  failure.day = format_time(now()).substr(0, 10);
  failure.verb = verb;
  failure.code = code_info(error.code).name;
  failure.symptom = kind_of(error.message).plain;
  failure.advice = kind_of(error.hint).plain;
  failure.trouble = trouble;
  failure.version = BANCHU_VERSION;
  failure.machine = machine();
  static_cast<void>(append(failure));
}

Result<std::vector<KeptFailure>> kept_failures() {
  std::vector<KeptFailure> kept;
  std::error_code problem;
  if (!fs::exists(log_path(), problem)) return kept;
  BANCHU_TRY(const std::string text, read_file(log_path()));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const Result<Json> json = parse_json(std::string_view(text).substr(at, end - at), "a kept failure");
    at = end + 1;
    if (!json || !json->is_object()) continue;  // a line that a full disk cut short
    KeptFailure failure = failure_from_json(*json);
    const auto earlier = std::ranges::find_if(kept, [&](const KeptFailure& one) { return is_same(one, failure); });
    if (earlier != kept.end()) {
      failure.times = earlier->times + 1;
      kept.erase(earlier);
    }
    kept.insert(kept.begin(), std::move(failure));
  }
  return kept;
}

Status forget_failures() {
  std::error_code problem;
  fs::remove(log_path(), problem);
  if (problem)
    return make_error(Code::FailedPrecondition, "cannot remove " + log_path().string() + ": " + problem.message());
  return {};
}

Json failure_to_json(const KeptFailure& failure) {
  Json json = line_of(failure);
  json["times"] = failure.times;
  return json;
}

}  // namespace banchu

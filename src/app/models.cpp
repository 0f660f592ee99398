#include "app/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "model/model_digest.h"
#include "model/model_source.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr const char* kDefaultKey = "default_model";
constexpr const char* kGetModelHint = "`./start --setup` fetches the default model; or name a GGUF file with --model";
constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kDigestDigits = 64;

fs::path environment_path(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

std::vector<fs::path> gguf_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    if (at->path().extension() == ".gguf") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Of a split model only the first part is a model by itself.
bool is_later_part(const fs::path& file) {
  const auto names = names_of_parts(file.filename().string());
  return names && names->size() > 1 && names->front() != file.filename().string();
}

Status copy_whole(const fs::path& file, const fs::path& target) {
  const fs::path partial = target.string() + ".part";
  std::error_code failure;
  fs::copy_file(file, partial, fs::copy_options::overwrite_existing, failure);
  if (!failure) fs::rename(partial, target, failure);
  if (!failure) return {};
  std::error_code ignored;
  fs::remove(partial, ignored);
  return make_error(failure == std::errc::no_space_on_device ? Code::NoSpace : Code::FailedPrecondition,
                    fmt::format("could not copy {} into the bag: {}", file.string(), failure.message()));
}

}  // namespace

fs::path shared_models_folder() {
  if (const fs::path home = environment_path("BANCHU_HOME"); !home.empty()) return home / "models";
  if (const fs::path data = environment_path("XDG_DATA_HOME"); data.is_absolute()) return data / "banchu" / "models";
  return environment_path("HOME") / ".local" / "share" / "banchu" / "models";
}

std::vector<fs::path> shared_models() {
  std::vector<fs::path> files = gguf_files(shared_models_folder());
  std::erase_if(files, is_later_part);
  return files;
}

Result<fs::path> shared_default_model() {
  const std::vector<fs::path> files = shared_models();
  for (const fs::path& file : files) {
    if (file.filename() == kDefaultModelFile) return file;
  }
  if (files.size() == 1) return files.front();
  const std::string folder = shared_models_folder().string();
  if (files.empty()) return make_error(Code::NotFound, "there is no model in " + folder, kGetModelHint);
  return make_error(Code::NotFound, fmt::format("{} holds {} models and none is the default", folder, files.size()),
                    "choose one with --model FILE");
}

std::vector<std::string> linked_models(const Bag& bag) {
  std::vector<std::string> digests;
  for (const fs::path& file : gguf_files(bag.models_folder())) {
    if (file.stem().string().size() == kDigestDigits) digests.push_back(file.stem().string());
  }
  return digests;
}

fs::path link_path(const Bag& bag, const std::string& digest) { return bag.models_folder() / (digest + ".gguf"); }

Result<std::string> find_linked_model(const Bag& bag, const std::string& prefix) {
  std::vector<std::string> found;
  for (const std::string& digest : linked_models(bag)) {
    if (prefix.size() >= kShortestPrefix && digest.starts_with(prefix)) found.push_back(digest);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return make_error(Code::NotFound, fmt::format("no model \"{}\": neither a file nor a model of this bag", prefix),
                      "`banchu model list` shows what is there");
  }
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" begins {} models of this bag", prefix, found.size()),
                    "give more digits of the id");
}

Status link_model(Bag& bag, const fs::path& file, const std::string& digest, bool copy) {
  const fs::path link = link_path(bag, digest);
  std::error_code failure;
  const Result<std::string> there = model_digest(link);
  if (there && *there == digest) return {};
  fs::remove(link, failure);  // its file has gone, or has other bytes now
  fs::create_directories(link.parent_path(), failure);
  if (copy) return copy_whole(file, link);
  const fs::path target = fs::canonical(file, failure);
  if (!failure) fs::create_symlink(target, link, failure);
  if (!failure) return {};
  return make_error(Code::FailedPrecondition,
                    fmt::format("could not link {} into {}: {}", file.string(), link.string(), failure.message()),
                    "where links do not work, `banchu model add FILE --copy` copies it");
}

Result<std::string> default_model_of(Bag& bag) {
  BANCHU_TRY(Statement row, bag.database().prepare("SELECT value FROM meta WHERE key = ?"));
  BANCHU_TRY(const bool there, row.bind(kDefaultKey).step());
  return there ? row.text(0) : std::string();
}

Status set_default_model(Bag& bag, const std::string& digest) {
  BANCHU_TRY(Statement row, bag.database().prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)"));
  return row.bind(kDefaultKey).bind(digest).run();
}

}  // namespace banchu

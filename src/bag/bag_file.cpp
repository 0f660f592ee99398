#include "bag/bag_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "bag/bag.h"
#include "bag/content.h"
#include "base/file.h"
#include "base/json.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLargestBagFile_bytes = 1 << 20;
constexpr const char* kInitHint = "`banchu bag init` makes one; --bag or $BANCHU_BAG says where";

Error damaged(const fs::path& path, const std::string& how) {
  return make_error(Code::Corruption, fmt::format("{} {}", path.string(), how), "put back a copy of that file");
}

Error absent(const fs::path& folder) {
  std::error_code failure;
  if (!fs::exists(folder, failure)) {
    return make_error(Code::NotFound, fmt::format("there is no bag at {}", folder.string()), kInitHint);
  }
  if (!fs::is_directory(folder, failure)) {
    return make_error(Code::NotFound, fmt::format("{} is a file; a bag is a folder", folder.string()), kInitHint);
  }
  if (fs::exists(folder / "banchu.db", failure)) {
    return make_error(Code::Corruption, fmt::format("{} has a banchu.db, but bag.json is missing", folder.string()),
                      "`banchu bag init` writes bag.json again and keeps everything that is there");
  }
  return make_error(Code::NotFound, fmt::format("{} is a folder, but not a bag: it has no bag.json", folder.string()),
                    kInitHint);
}

Result<BagFile> parse_bag_file(const Json& json, const fs::path& path) {
  if (!json.is_object() || !json.contains("format") || !json["format"].is_number_integer()) {
    return damaged(path, "does not say which format version it has");
  }
  const std::int64_t format = json["format"].get<std::int64_t>();
  if (format > kBagFormatVersion) {
    return make_error(Code::Unsupported,
                      fmt::format("{} says format version {}; this banchu knows versions up to {}", path.string(),
                                  format, kBagFormatVersion),
                      "use the newer banchu that wrote it");
  }
  if (json.contains("encryption") && !json["encryption"].is_null()) {
    return make_error(Code::Unsupported, "this bag is encrypted; this banchu cannot open it",
                      "use the newer banchu that encrypted it");
  }
  BagFile file;
  file.format = static_cast<int>(format);
  file.id = string_at(json, "id");
  const Result<Time> created = parse_time(string_at(json, "created"));
  if (format < 1 || file.id.empty() || !created) return damaged(path, "lacks a proper id, format or date");
  file.created = *created;
  return file;
}

bool is_ours_or_harmless(const std::string& name) {
  constexpr std::array<std::string_view, 4> kOurs = {"memory_core", "models", "lost+found", "night.yaml"};
  return name.starts_with('.') || name.starts_with("banchu.db") || name.starts_with("bag.json.") ||
         std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
}

}  // namespace

Result<BagFile> read_bag_file(const fs::path& folder) {
  const fs::path path = folder / "bag.json";
  const Result<std::string> bytes = read_file(path, kLargestBagFile_bytes);
  if (!bytes) return bytes.error().code == Code::NotFound ? absent(folder) : bytes.error();
  const Result<Json> json = parse_json(*bytes, path.string());
  if (!json) return damaged(path, "is not readable: " + json.error().message);
  return parse_bag_file(*json, path);
}

Status write_bag_file(const fs::path& folder, const BagFile& file) {
  const Json json = {
      {"format", file.format}, {"id", file.id}, {"created", format_time(file.created)}, {"encryption", nullptr}};
  return write_file_atomic(folder / "bag.json", json.dump(2) + "\n");
}

Status check_free_for_a_bag(const fs::path& folder) {
  std::error_code failure;
  if (fs::exists(folder / "bag.json", failure)) {
    return make_error(Code::AlreadyExists, fmt::format("there is a bag at {} already", folder.string()));
  }
  if (!fs::exists(folder, failure)) return {};
  if (!fs::is_directory(folder, failure)) {
    return make_error(Code::FailedPrecondition, fmt::format("{} is a file; a bag is a folder", folder.string()));
  }
  for (const fs::path& entry : list_folder(folder)) {
    if (is_ours_or_harmless(entry.filename().string())) continue;
    return make_error(
        Code::FailedPrecondition,
        fmt::format("{} holds other files ({}), so no bag was made there", folder.string(), entry.filename().string()),
        "choose an empty or a new folder");
  }
  return {};
}

Status make_folders(const fs::path& folder) {
  std::error_code failure;
  const bool made = fs::create_directories(folder, failure);
  if (!failure && made) fs::permissions(folder, fs::perms::owner_all, failure);
  for (const fs::path& inside :
       {folder / "memory_core" / "journal", adapters_folder(folder), blobs_folder(folder), folder / "models"}) {
    if (!failure) fs::create_directories(inside, failure);
  }
  if (!failure) return {};
  errno = failure.value();
  return error_from_errno("cannot make a bag in", folder.string());
}

}  // namespace banchu

#include "bag/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "bag/bag_file.h"
#include "bag/content.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

class Inspector {
 public:
  Inspector(const fs::path& folder, Database& database, bool full)
      : folder_(folder), database_(database), full_(full) {}

  Result<BagVerification> inspect() {
    const double started = steady_seconds();
    report_.level = full_ ? "full" : "quick";
    const Result<BagFile> bag_file = read_bag_file(folder_);
    if (!bag_file) found("bag.json", bag_file.error().message);
    BANCHU_TRY_STATUS(noting_corruption(check_database()));
    BANCHU_TRY_STATUS(noting_corruption(check_listed_files()));
    BANCHU_TRY_STATUS(noting_corruption(check_selves()));
    check_models();
    if (full_) BANCHU_TRY_STATUS(noting_corruption(check_contents_and_mirror()));
    count_files();
    report_.ok = report_.damaged.empty();
    report_.seconds = steady_seconds() - started;
    return std::move(report_);
  }

 private:
  void found(const fs::path& path, const std::string& damage) {
    const std::string relative = path.is_absolute() ? path.lexically_relative(folder_).string() : path.string();
    if (damaged_paths_.insert(relative).second) report_.damaged.push_back({relative, damage});
  }

  // A damaged database is a finding; a database that could not be asked is an error.
  Status noting_corruption(const Status& status) {
    if (status || status.error().code != Code::Corruption) return status;
    found("banchu.db", status.error().message);
    return {};
  }

  Status check_database() {
    BANCHU_TRY_STATUS(database_.integrity_check(!full_));
    if (!full_) return {};
    BANCHU_TRY(Statement orphan, database_.prepare("PRAGMA foreign_key_check"));
    BANCHU_TRY(const bool row, orphan.step());
    if (row) found("banchu.db", "a row of table " + orphan.text(0) + " points to nothing");
    return {};
  }

  void check_file(const fs::path& path, std::optional<std::uint64_t> bytes, const std::string& needed_by) {
    std::error_code failure;
    if (!fs::is_regular_file(path, failure)) return found(path, "missing" + needed_by);
    const std::uintmax_t size = fs::file_size(path, failure);
    if (bytes && size != *bytes) found(path, fmt::format("has {} bytes and should have {}", size, *bytes));
  }

  Status check_listed_files() {
    BANCHU_TRY(Statement list, database_.prepare("SELECT kind, digest, bytes FROM files ORDER BY kind, digest"));
    while (true) {
      BANCHU_TRY(const bool row, list.step());
      if (!row) return {};
      const fs::path path =
          list.text(0) == "adapter" ? adapter_file(folder_, list.text(1)) : blob_file(folder_, list.text(1));
      check_file(path, static_cast<std::uint64_t>(list.integer(2)), "");
    }
  }

  Status check_selves() {
    BANCHU_TRY(Statement selves, database_.prepare("SELECT id, adapters FROM selves ORDER BY created, id"));
    while (true) {
      BANCHU_TRY(const bool row, selves.step());
      if (!row) return {};
      const Result<Json> adapters = parse_json(selves.text(1), "adapters");
      if (!adapters || !adapters->is_array()) {
        found("banchu.db", "the adapters of self " + selves.text(0) + " are unreadable");
        continue;
      }
      for (const Json& adapter : *adapters) {
        check_file(adapter_file(folder_, string_at(adapter, "digest")), std::nullopt,
                   "; self " + selves.text(0) + " needs it");
      }
    }
  }

  void check_models() {
    std::error_code failure;
    for (const fs::path& model : list_folder(folder_ / "models")) {
      if (fs::is_symlink(model, failure) && !fs::exists(model, failure)) {
        found(model, "is a link to " + fs::read_symlink(model, failure).string() + ", which is not there");
      }
    }
  }

  void hash_named_files(const fs::path& folder) {
    std::error_code failure;
    for (const fs::path& file : list_folder(folder)) {
      std::string name = file.filename().string();
      if (name.ends_with(".gguf")) name.resize(name.size() - 5);
      if (!is_digest(name) || !fs::is_regular_file(file, failure)) continue;
      const Result<std::string> digest = sha256_file(file);
      if (!digest) {
        found(file, digest.error().message);
      } else if (*digest != name) {
        found(file, "its SHA-256 differs: " + *digest);
      }
    }
  }

  Status check_contents_and_mirror() {
    for (const fs::path& folder : {adapters_folder(folder_), blobs_folder(folder_), folder_ / "models"}) {
      hash_named_files(folder);
    }
    BANCHU_TRY(const std::vector<BagFinding> mirror, verify_mirror(folder_, database_));
    for (const BagFinding& finding : mirror) found(finding.path, finding.damage);
    return {};
  }

  void count(const fs::path& file) {
    std::error_code failure;
    if (!fs::is_regular_file(file, failure)) return;
    ++report_.files;
    report_.bytes += fs::file_size(file, failure);
  }

  void count_files() {
    count(folder_ / "bag.json");
    count(folder_ / "banchu.db");
    for (const fs::path& folder :
         {adapters_folder(folder_), blobs_folder(folder_), folder_ / "memory_core" / "journal", folder_ / "models"}) {
      for (const fs::path& file : list_folder(folder)) count(file);
    }
  }

  const fs::path& folder_;
  Database& database_;
  bool full_;
  BagVerification report_;
  std::set<std::string> damaged_paths_;
};

}  // namespace

Result<BagVerification> verify_bag(const fs::path& folder, Database& database, bool full) {
  return Inspector(folder, database, full).inspect();
}

}  // namespace banchu

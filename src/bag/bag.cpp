#include "bag/bag.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "bag/bag_file.h"
#include "bag/content.h"
#include "bag/lease.h"
#include "bag/open.h"
#include "bag/schema.h"
#include "bag/verify.h"
#include "base/digest.h"
#include "base/file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

class OpenBag : public Bag {
 public:
  OpenBag(fs::path folder, std::string id, std::shared_ptr<Database> database, std::unique_ptr<Lease> machine,
          LeaseAsker asker)
      : folder_(std::move(folder)),
        id_(std::move(id)),
        database_(std::move(database)),
        machine_(std::move(machine)),
        asker_(std::move(asker)) {}

  const fs::path& folder() const override { return folder_; }
  const std::string& id() const override { return id_; }
  Database& database() override { return *database_; }
  bool is_read_only() const override { return machine_ == nullptr; }

  Result<std::unique_ptr<Lease>> acquire(LeaseKind kind) override {
    BANCHU_TRY_STATUS(check_writable());
    BANCHU_TRY(TakenLease taken, take_lease(database_, kind, asker_));
    return std::move(taken.lease);
  }

  Result<std::string> put_blob(std::string_view bytes) override {
    BANCHU_TRY_STATUS(check_writable());
    return put_blob_file(folder_, *database_, bytes);
  }
  Result<std::string> get_blob(const std::string& digest) override { return get_blob_file(folder_, digest); }
  Status remove_blob(const std::string& digest) override {
    BANCHU_TRY_STATUS(check_writable());
    return remove_blob_file(folder_, *database_, digest);
  }
  Result<std::string> store_adapter(const fs::path& finished_file) override {
    BANCHU_TRY_STATUS(check_writable());
    return store_adapter_file(folder_, *database_, finished_file);
  }
  fs::path adapter_path(const std::string& digest) const override { return adapter_file(folder_, digest); }

  fs::path journal_folder() const override { return folder_ / "memory_core" / "journal"; }
  fs::path models_folder() const override { return folder_ / "models"; }
  fs::path run_folder(const std::string& run) const override {
    return blobs_folder(folder_) / ("run-" + (is_run_id(run) ? run : std::string("not-an-id")));
  }

  Result<BagVerification> verify(bool full) override { return verify_bag(folder_, *database_, full); }

 private:
  Status check_writable() const {
    if (!is_read_only()) return {};
    return make_error(Code::FailedPrecondition, fmt::format("the bag at {} is open for reading only", folder_.string()),
                      "the sandbox keeps nothing; use grow mode");
  }

  fs::path folder_;
  std::string id_;
  std::shared_ptr<Database> database_;  // leases may outlive the bag and give themselves back later
  std::unique_ptr<Lease> machine_;      // null: read-only
  LeaseAsker asker_;
};

Status check_can_write(const fs::path& folder) {
  for (const fs::path& place : {folder, folder / "banchu.db", folder / "memory_core" / "journal"}) {
    if (::faccessat(AT_FDCWD, place.c_str(), W_OK, AT_EACCESS) == 0 || errno == ENOENT) continue;
    return error_from_errno("the bag cannot be written:", place.string());
  }
  return {};
}

Error naming(const Error& error, const fs::path& folder) {
  if (error.message.find(folder.string()) != std::string::npos) return error;
  return make_error(error.code, fmt::format("the bag at {}: {}", folder.string(), error.message), error.hint);
}

// bag.json says that there was one.
Status check_has_database(const fs::path& folder) {
  std::error_code failure;
  if (fs::exists(folder / "banchu.db", failure) || failure) return {};
  return make_error(Code::Corruption, fmt::format("the bag at {} has lost its banchu.db", folder.string()),
                    "put back a copy of the bag");
}

Result<std::unique_ptr<Bag>> open_reading(const fs::path& folder, const BagFile& file, const LeaseAsker& asker) {
  BANCHU_TRY(std::shared_ptr<Database> database, Database::open(folder / "banchu.db", Database::Access::read_only));
  BANCHU_TRY(const int version, format_version(*database));
  if (version < kBagFormatVersion) {
    return make_error(Code::FailedPrecondition, fmt::format("the bag has the older format version {}", version),
                      "open it once for writing (`banchu bag show`), which brings it up to date");
  }
  return std::unique_ptr<Bag>(std::make_unique<OpenBag>(folder, file.id, std::move(database), nullptr, asker));
}

Status bring_up_to_date(const fs::path& folder, BagFile file, Database& database, int version) {
  BANCHU_TRY_STATUS(migrate(database, version));
  if (file.format == kBagFormatVersion) return {};
  file.format = kBagFormatVersion;
  return write_bag_file(folder, file);
}

Result<std::unique_ptr<Bag>> open_writing(const fs::path& folder, const BagFile& file, const LeaseAsker& asker) {
  BANCHU_TRY_STATUS(check_can_write(folder));
  BANCHU_TRY(std::shared_ptr<Database> database, Database::open(folder / "banchu.db", Database::Access::read_write));
  BANCHU_TRY(const int version, format_version(*database));
  BANCHU_TRY(TakenLease taken, take_lease(database, LeaseKind::machine, asker));
  database->set_transaction_guard(machine_guard(*database, taken.lease->fence(), asker));
  BANCHU_TRY_STATUS(bring_up_to_date(folder, file, *database, version));
  if (!taken.joined) sweep_unfinished_files(folder);
  BANCHU_TRY_STATUS(make_folders(folder));  // many ways of copying a bag leave empty folders behind
  return std::unique_ptr<Bag>(
      std::make_unique<OpenBag>(folder, file.id, std::move(database), std::move(taken.lease), asker));
}

Status fill_database(Database& database) {
  BANCHU_TRY(Statement tables, database.prepare("SELECT count(*) FROM sqlite_schema"));
  BANCHU_TRY(const bool row, tables.step());
  const bool is_empty = row && tables.integer(0) == 0;
  if (is_empty) {
    BANCHU_TRY_STATUS(migrate(database, 0));
  } else {
    BANCHU_TRY([[maybe_unused]] const int version, format_version(database));
  }
  BANCHU_TRY(Statement keep, database.prepare("INSERT INTO meta(key, value) VALUES('id', ?1) ON CONFLICT DO NOTHING"));
  return keep.bind(random_id()).run();
}

// The database of a new bag, or of one whose making was cut short; its id.
Result<std::string> make_database(const fs::path& folder) {
  const fs::path path = folder / "banchu.db";
  BANCHU_TRY(const std::unique_ptr<Database> database, Database::open(path, Database::Access::create));
  BANCHU_TRY_STATUS(database->transaction([&] { return fill_database(*database); }));
  BANCHU_TRY(Statement id, database->prepare("SELECT value FROM meta WHERE key = 'id'"));
  BANCHU_TRY_STATUS(id.step());
  return id.text(0);
}

}  // namespace

Result<std::unique_ptr<Bag>> open_bag_as(const fs::path& given, Bag::Access access, const LeaseAsker& asker) {
  std::error_code failure;
  const fs::path folder = fs::absolute(given, failure).lexically_normal();  // the caller may change folders later
  BANCHU_TRY(const BagFile file, read_bag_file(folder));
  BANCHU_TRY_STATUS(check_has_database(folder));
  auto bag = access == Bag::Access::read_only ? open_reading(folder, file, asker) : open_writing(folder, file, asker);
  if (!bag) return naming(bag.error(), folder);
  return bag;
}

Result<std::unique_ptr<Bag>> Bag::open(const fs::path& folder, Access access) {
  return open_bag_as(folder, access, real_asker());
}

Result<std::unique_ptr<Bag>> Bag::create(const fs::path& folder) {
  BANCHU_TRY_STATUS(check_free_for_a_bag(folder));
  BANCHU_TRY_STATUS(make_folders(folder));
  const Result<std::string> id = make_database(folder);
  if (!id) return naming(id.error(), folder);
  // bag.json comes last: a folder without it is not a bag yet, and create may be called again.
  BANCHU_TRY_STATUS(write_bag_file(folder, BagFile{kBagFormatVersion, *id, now()}));
  return open(folder, Access::read_write);
}

}  // namespace banchu

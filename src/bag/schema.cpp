#include "bag/schema.h"

#include <fmt/format.h>

#include <array>

#include "bag/bag.h"

namespace banchu {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- The journal: append-only but for mark, fixed_reply, state and run.
CREATE TABLE turns(
  id TEXT PRIMARY KEY,
  conversation TEXT NOT NULL,
  position INTEGER NOT NULL,
  time INTEGER NOT NULL,
  mask TEXT NOT NULL,
  few_shot TEXT NOT NULL,        -- [{"role","content"}...]
  user TEXT NOT NULL,
  reply TEXT NOT NULL,
  self TEXT NOT NULL,
  source TEXT NOT NULL,          -- spoken, added
  mark TEXT NOT NULL,            -- none, kept, fixed, struck
  fixed_reply TEXT NOT NULL,
  state TEXT NOT NULL,           -- fresh, used, quarantined, review
  run TEXT NOT NULL,
  mirrored INTEGER NOT NULL DEFAULT 0,
  UNIQUE(conversation, position)
) STRICT;
CREATE INDEX turns_by_state ON turns(state);
CREATE INDEX turns_by_time ON turns(time);
CREATE TABLE added_conversations(digest TEXT PRIMARY KEY, conversation TEXT NOT NULL) STRICT;

CREATE TABLE memories(
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  run TEXT NOT NULL,
  created INTEGER NOT NULL,
  body TEXT NOT NULL             -- the whole memory as JSON
) STRICT;

CREATE TABLE selves(
  id TEXT PRIMARY KEY,
  parent TEXT NOT NULL,
  base TEXT NOT NULL,
  adapters TEXT NOT NULL,        -- [{"digest","scale"}...]
  created INTEGER NOT NULL,
  run TEXT NOT NULL
) STRICT;
CREATE TABLE awake(one INTEGER PRIMARY KEY CHECK(one = 1), self TEXT NOT NULL REFERENCES selves(id)) STRICT;

-- Nights. stage: ruminated, trained, evaluated, done. outcome: '', promoted, refused, nothing_to_learn.
CREATE TABLE runs(
  id TEXT PRIMARY KEY,
  started INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  stage TEXT NOT NULL,
  outcome TEXT NOT NULL,
  key TEXT NOT NULL,             -- digest of every input; the same key goes on where it stopped
  body TEXT NOT NULL             -- lessons' blob, train, report, receipt, morning line, as JSON
) STRICT;

CREATE TABLE leases(
  kind TEXT PRIMARY KEY,         -- machine, night, server
  owner TEXT NOT NULL,           -- '' or {"machine","host","boot","space","holders":[{"pid","started","since","token"}]}
  fence INTEGER NOT NULL,        -- grows with every owner
  renewed INTEGER NOT NULL
) STRICT;

-- What put_blob and store_adapter have stored, so that a missing or cut file is noticed without hashing it.
CREATE TABLE files(
  kind TEXT NOT NULL,            -- blob, adapter
  digest TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY(kind, digest)
) STRICT;
)sql";

constexpr std::array<const char*, kBagFormatVersion> kMigrations = {kVersion1};

Result<std::int64_t> pragma(Database& database, const char* name) {
  BANCHU_TRY(Statement statement, database.prepare(fmt::format("PRAGMA {}", name)));
  BANCHU_TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

Result<int> format_version(Database& database) {
  BANCHU_TRY(const std::int64_t application, pragma(database, "application_id"));
  BANCHU_TRY(const std::int64_t version, pragma(database, "user_version"));
  if (application != kApplicationId || version < 1) {
    return make_error(Code::Corruption, "banchu.db is a SQLite file, but its tables are not those of a bag",
                      "put back the banchu.db that belongs to this bag");
  }
  if (version > kBagFormatVersion) {
    return make_error(
        Code::Unsupported,
        fmt::format("this bag has format version {}; this banchu knows versions up to {}", version, kBagFormatVersion),
        "use the newer banchu that wrote it");
  }
  return static_cast<int>(version);
}

Status migrate(Database& database, int version) {
  for (; version < kBagFormatVersion; ++version) {
    const std::string sql = fmt::format("{}; PRAGMA application_id = {}; PRAGMA user_version = {}",
                                        migrations()[static_cast<std::size_t>(version)], kApplicationId, version + 1);
    BANCHU_TRY_STATUS(database.transaction([&] { return database.execute(sql); }));
  }
  return {};
}

}  // namespace banchu

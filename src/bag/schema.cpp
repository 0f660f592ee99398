#include "bag/schema.h"

#include <array>

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
  owner TEXT NOT NULL,           -- {"machine","boot","pid","started","since"}
  fence INTEGER NOT NULL,
  renewed INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::array<const char*, 1> kMigrations = {kVersion1};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace banchu

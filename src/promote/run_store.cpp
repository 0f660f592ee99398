#include "promote/run_store.h"

#include <fmt/format.h>

namespace banchu {
namespace {

constexpr const char* kColumns = "SELECT id, started, finished, stage, outcome, key, body FROM runs ";

Result<NightRun> read_row(const Statement& row) {
  NightRun run{row.text(0), row.integer(1), row.integer(2), row.text(3), row.text(4), row.text(5), Json::object()};
  Result<Json> body = parse_json(row.text(6), "the night " + run.id);
  if (!body) {
    return make_error(Code::Corruption, fmt::format("the night {} cannot be read: {}", run.id, body.error().message),
                      "run `banchu bag verify`");
  }
  run.body = std::move(*body);
  return run;
}

Result<std::vector<NightRun>> select(Database& database, const std::string& where, const std::string& value) {
  BANCHU_TRY(Statement statement, database.prepare(kColumns + where));
  if (!value.empty()) statement.bind(value);
  std::vector<NightRun> runs;
  while (true) {
    BANCHU_TRY(const bool there, statement.step());
    if (!there) return runs;
    BANCHU_TRY(NightRun run, read_row(statement));
    runs.push_back(std::move(run));
  }
}

Result<std::optional<NightRun>> first_of(Result<std::vector<NightRun>> runs) {
  if (!runs) return std::move(runs).error();
  if (runs->empty()) return std::optional<NightRun>{};
  return std::optional<NightRun>(std::move(runs->front()));
}

}  // namespace

Status RunStore::put(const NightRun& run) {
  BANCHU_TRY(Statement statement,
             bag_->database().prepare("INSERT INTO runs(id, started, finished, stage, outcome, key, body) "
                                      "VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET "
                                      "started = excluded.started, finished = excluded.finished, "
                                      "stage = excluded.stage, outcome = excluded.outcome, key = excluded.key, "
                                      "body = excluded.body"));
  statement.bind(run.id).bind(std::int64_t{run.started}).bind(std::int64_t{run.finished});
  statement.bind(run.stage).bind(run.outcome).bind(run.key).bind(to_line(run.body));
  return statement.run();
}

Result<NightRun> RunStore::find(const std::string& id) {
  if (id.empty()) return make_error(Code::InvalidArgument, "a night's id is missing");
  BANCHU_TRY(std::vector<NightRun> found, select(bag_->database(), "WHERE substr(id, 1, length(?1)) = ?1", id));
  if (found.empty()) return make_error(Code::NotFound, fmt::format("there was no night {} in this bag", id));
  if (found.size() > 1) {
    return make_error(Code::InvalidArgument, fmt::format("{} nights begin with {}", found.size(), id),
                      "give more digits of the id");
  }
  return std::move(found.front());
}

Result<std::vector<NightRun>> RunStore::list() { return select(bag_->database(), "ORDER BY started, rowid", ""); }

Result<std::optional<NightRun>> RunStore::latest() {
  return first_of(select(bag_->database(), "ORDER BY started DESC, rowid DESC LIMIT 1", ""));
}

Result<std::optional<NightRun>> RunStore::find_unfinished(const std::string& key) {
  BANCHU_TRY(Statement statement,
             bag_->database().prepare(std::string(kColumns) +
                                      "WHERE key = ? AND stage != 'done' ORDER BY started DESC, rowid DESC LIMIT 1"));
  statement.bind(key);
  BANCHU_TRY(const bool there, statement.step());
  if (!there) return std::optional<NightRun>{};
  BANCHU_TRY(NightRun run, read_row(statement));
  return std::optional<NightRun>(std::move(run));
}

}  // namespace banchu

#include <fmt/format.h>

#include <fstream>
#include <map>

#include "bag/content.h"
#include "bag/verify.h"
#include "base/digest.h"
#include "base/json.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

struct KnownTurn {
  std::string file;  // "2026-11-22.jsonl"
  std::string fingerprint;
  bool mirrored = false;
  bool seen = false;
};
using KnownTurns = std::map<std::string, KnownTurn>;  // by id

std::string fingerprint(const std::string& user, const std::string& reply) {
  return sha256(sha256(user) + sha256(reply));  // so that no border between the two can move unseen
}

Result<KnownTurns> read_turns(Database& database) {
  BANCHU_TRY(Statement query, database.prepare("SELECT id, time, user, reply, mirrored FROM turns"));
  KnownTurns turns;
  while (true) {
    BANCHU_TRY(const bool row, query.step());
    if (!row) return turns;
    turns[query.text(0)] = {format_day(query.integer(1)) + ".jsonl", fingerprint(query.text(2), query.text(3)),
                            query.integer(4) != 0, false};
  }
}

// "" when the line says what the database says.
std::string check_line(const std::string& line, const std::string& file, KnownTurns& turns) {
  const Result<Json> json = parse_json(line, "the line");
  if (!json) return "is not JSON";
  const Json meta = json->is_object() ? json->value("meta", Json()) : Json();
  const Json messages = json->is_object() ? json->value("messages", Json()) : Json();
  const auto turn = turns.find(string_at(meta, "id"));
  if (turn == turns.end()) return "is of no turn in banchu.db";
  if (turn->second.seen) return "stands there twice";
  turn->second.seen = true;
  if (turn->second.file != file) return "belongs to " + turn->second.file;
  if (!messages.is_array() || messages.size() < 2) return "has no message and reply";
  const std::size_t last = messages.size() - 1;
  const std::string found = fingerprint(string_at(messages[last - 1], "content"), string_at(messages[last], "content"));
  return found == turn->second.fingerprint ? "" : "says something else than banchu.db";
}

std::string check_file(const fs::path& path, KnownTurns& turns) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "cannot be read";
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string damage = check_line(line, path.filename().string(), turns);
    if (!damage.empty()) return fmt::format("line {} {}", number, damage);
  }
  return "";
}

void find_missing(const KnownTurns& turns, std::vector<BagFinding>& findings) {
  std::map<std::string, int> missing;
  for (const auto& [id, turn] : turns) {
    if (turn.mirrored && !turn.seen) ++missing[turn.file];
  }
  for (const auto& [file, count] : missing) {
    findings.push_back({"memory_core/journal/" + file, fmt::format("{} of its turns are missing", count)});
  }
}

}  // namespace

Result<std::vector<BagFinding>> verify_mirror(const fs::path& folder, Database& database) {
  BANCHU_TRY(KnownTurns turns, read_turns(database));
  std::vector<BagFinding> findings;
  for (const fs::path& path : list_folder(folder / "memory_core" / "journal")) {
    if (path.extension() != ".jsonl") continue;
    const std::string damage = check_file(path, turns);
    if (!damage.empty()) findings.push_back({"memory_core/journal/" + path.filename().string(), damage});
  }
  find_missing(turns, findings);
  return findings;
}

}  // namespace banchu

#include "bag/lease_row.h"

#include <fmt/format.h>

#include <algorithm>

#include "bag/lease.h"
#include "base/json.h"

namespace banchu {
namespace {

// A heartbeat further ahead than this was written by a broken clock and must not hold the bag until it comes true.
constexpr Time kImpossiblyAhead_s = 24 * 3600;

std::int64_t integer_at(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_number_integer() ? object[key].get<std::int64_t>()
                                                                                       : 0;
}

Json to_json(const LeaseRow& row) {
  Json holders = Json::array();
  for (const LeaseHolder& holder : row.holders) {
    holders.push_back(
        {{"pid", holder.pid}, {"started", holder.started}, {"since", holder.since}, {"token", holder.token}});
  }
  return {{"machine", row.owner.machine},
          {"host", row.owner.host},
          {"boot", row.owner.boot},
          {"space", row.owner.space},
          {"holders", holders}};
}

void read_owner(const Json& json, LeaseRow& row) {
  row.owner.machine = string_at(json, "machine");
  row.owner.host = string_at(json, "host");
  row.owner.boot = string_at(json, "boot");
  row.owner.space = string_at(json, "space");
  if (!json.contains("holders") || !json["holders"].is_array()) return;
  for (const Json& holder : json["holders"]) {
    row.holders.push_back({integer_at(holder, "pid"), integer_at(holder, "started"), integer_at(holder, "since"),
                           string_at(holder, "token")});
  }
}

}  // namespace

bool LeaseRow::has(const std::string& token) const {
  return std::any_of(holders.begin(), holders.end(), [&](const LeaseHolder& holder) { return holder.token == token; });
}

void LeaseRow::own(const ProcessIdentity& asker) {
  owner = asker;
  holders.clear();
  ++fence;
}

Standing standing_of(const LeaseRow& row, const ProcessIdentity& asker) {
  if (row.owner.boot == asker.boot) {
    return row.owner.space == asker.space ? Standing::here : Standing::elsewhere;
  }
  // Cloned disks share a machine id, so the host name must agree before a crash of ours is assumed.
  const bool same_machine = row.owner.machine == asker.machine && row.owner.host == asker.host;
  return same_machine && row.owner.space == asker.space ? Standing::rebooted : Standing::elsewhere;
}

void drop_dead_holders(LeaseRow& row, const ProcessIdentity& asker, Time now) {
  const Time age = now - row.renewed;
  switch (standing_of(row, asker)) {
    case Standing::here:
      std::erase_if(row.holders, [](const LeaseHolder& holder) { return !is_alive(holder.pid, holder.started); });
      return;
    case Standing::rebooted:
      row.holders.clear();
      return;
    case Standing::elsewhere:
      if (age > kLeaseLifetime_s || age < -kImpossiblyAhead_s) row.holders.clear();
      return;
  }
}

std::string describe(const LeaseRow& row) {
  std::string text = fmt::format("machine {} ({})", row.owner.host, row.owner.machine);
  for (const LeaseHolder& holder : row.holders) {
    text += fmt::format(", process {} since {}", holder.pid, format_time(holder.since));
  }
  return text;
}

Result<LeaseRow> read_lease(Database& database, LeaseKind kind) {
  BANCHU_TRY(Statement query, database.prepare("SELECT owner, fence, renewed FROM leases WHERE kind = ?1"));
  BANCHU_TRY(const bool found, query.bind(name_of(kind)).step());
  LeaseRow row;
  if (!found) return row;
  row.fence = query.integer(1);
  row.renewed = query.integer(2);
  const Result<Json> owner = parse_json(query.text(0).empty() ? "{}" : query.text(0), "a lease's owner");
  if (owner && owner->is_object()) read_owner(*owner, row);  // an unreadable owner holds nothing
  return row;
}

Status write_lease(Database& database, LeaseKind kind, const LeaseRow& row) {
  BANCHU_TRY(Statement upsert,
             database.prepare("INSERT INTO leases(kind, owner, fence, renewed) VALUES(?1, ?2, ?3, ?4) "
                              "ON CONFLICT(kind) DO UPDATE SET owner = excluded.owner, "
                              "fence = excluded.fence, renewed = excluded.renewed"));
  const std::string owner = row.holders.empty() ? std::string() : to_line(to_json(row));
  return upsert.bind(name_of(kind)).bind(owner).bind(row.fence).bind(row.renewed).run();
}

}  // namespace banchu

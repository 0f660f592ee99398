#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "promote/promote.h"

namespace banchu {
namespace {

constexpr std::size_t kIdDigits = 12;
constexpr const char* kColumns =
    "SELECT selves.id, selves.parent, selves.base, selves.adapters, selves.created, selves.run, "
    "selves.id = coalesce((SELECT self FROM awake), '') FROM selves ";

Json adapters_to_json(const std::vector<SelfAdapter>& adapters) {
  Json json = Json::array();
  for (const SelfAdapter& adapter : adapters) json.push_back({{"digest", adapter.digest}, {"scale", adapter.scale}});
  return json;
}

std::string id_of(const Self& self) {
  std::string identity = self.base + "\n" + self.parent + "\n";
  for (const SelfAdapter& adapter : self.adapters) {
    identity += fmt::format("{} {:.6g}\n", adapter.digest, adapter.scale);
  }
  return sha256(identity).substr(0, kIdDigits);
}

Result<Self> read_row(const Statement& row) {
  Self self;
  self.id = row.text(0);
  self.parent = row.text(1);
  self.base = row.text(2);
  self.created = row.integer(4);
  self.run = row.text(5);
  self.awake = row.integer(6) != 0;
  const Result<Json> adapters = parse_json(row.text(3), "the adapters of self " + self.id);
  if (!adapters || !adapters->is_array()) {
    return make_error(Code::Corruption, fmt::format("self {} cannot be read: its adapters are malformed", self.id),
                      "run `banchu bag verify`");
  }
  for (const Json& item : *adapters) self.adapters.push_back({string_at(item, "digest"), number_at(item, "scale", 1)});
  return self;
}

Result<std::vector<Self>> read_all(Statement statement) {
  std::vector<Self> selves;
  while (true) {
    BANCHU_TRY(const bool there, statement.step());
    if (!there) return selves;
    BANCHU_TRY(Self self, read_row(statement));
    selves.push_back(std::move(self));
  }
}

Result<std::vector<Self>> select(Database& database, const std::string& where, const std::string& value) {
  BANCHU_TRY(Statement statement, database.prepare(kColumns + where));
  if (!value.empty()) statement.bind(value);
  return read_all(std::move(statement));
}

// Does nothing when a self of this id is there: the id is its content.
Status insert(Database& database, const Self& self) {
  BANCHU_TRY(Statement statement,
             database.prepare("INSERT OR IGNORE INTO selves(id, parent, base, adapters, created, run) "
                              "VALUES(?, ?, ?, ?, ?, ?)"));
  statement.bind(self.id).bind(self.parent).bind(self.base);
  statement.bind(to_line(adapters_to_json(self.adapters)));
  statement.bind(std::int64_t{self.created}).bind(self.run);
  return statement.run();
}

Status set_awake(Database& database, const std::string& id) {
  BANCHU_TRY(Statement statement, database.prepare("INSERT OR REPLACE INTO awake(one, self) VALUES(1, ?)"));
  statement.bind(id);
  return statement.run();
}

Status check_adapters_there(const Bag& bag, const Self& self) {
  for (const SelfAdapter& adapter : self.adapters) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(bag.adapter_path(adapter.digest), ignored)) continue;
    return make_error(Code::FailedPrecondition,
                      fmt::format("self {} cannot wake: its adapter {} is not in the bag", self.id,
                                  adapter.digest.substr(0, kIdDigits)),
                      "run `banchu bag verify`, or wake another self (`banchu self list`)");
  }
  return {};
}

}  // namespace

Result<Self> SelfStore::awake() {
  BANCHU_TRY(std::vector<Self> found, select(bag_->database(), "WHERE id = (SELECT self FROM awake)", ""));
  if (found.empty()) {
    return make_error(Code::NotFound, "nobody is awake in this bag: it has no base model yet",
                      "talk once (`banchu chat`) or link a model (`banchu bag init`)");
  }
  return std::move(found.front());
}

Result<Self> SelfStore::begin(const std::string& base_digest, Time at) {
  Self self;
  self.base = base_digest;
  self.created = at;
  self.id = id_of(self);
  const auto insert_and_wake = [&]() -> Status {
    BANCHU_TRY_STATUS(insert(bag_->database(), self));
    return set_awake(bag_->database(), self.id);
  };
  BANCHU_TRY_STATUS(bag_->database().transaction(insert_and_wake));
  return find(self.id);
}

Result<std::vector<Self>> SelfStore::list() { return select(bag_->database(), "ORDER BY created, rowid", ""); }

Result<Self> SelfStore::find(const std::string& id) {
  if (id.empty()) return make_error(Code::InvalidArgument, "a self's id is missing", "see `banchu self list`");
  BANCHU_TRY(std::vector<Self> found, select(bag_->database(), "WHERE substr(id, 1, length(?1)) = ?1", id));
  if (found.empty()) {
    return make_error(Code::NotFound, fmt::format("there is no self {} in this bag", id), "see `banchu self list`");
  }
  if (found.size() > 1) {
    return make_error(Code::InvalidArgument, fmt::format("{} selves begin with {}", found.size(), id),
                      "give more digits of the id; see `banchu self list`");
  }
  return std::move(found.front());
}

Result<Self> SelfStore::wake(const std::string& id) {
  std::string whole_id;
  const auto wake_it = [&]() -> Status {
    BANCHU_TRY(const Self self, find(id));
    BANCHU_TRY_STATUS(check_adapters_there(*bag_, self));
    whole_id = self.id;
    return set_awake(bag_->database(), self.id);
  };
  BANCHU_TRY_STATUS(bag_->database().transaction(wake_it));
  return find(whole_id);
}

Result<Self> SelfStore::rollback() {
  std::string parent;
  const auto wake_parent = [&]() -> Status {
    BANCHU_TRY(const Self self, awake());
    if (self.parent.empty()) {
      return make_error(Code::FailedPrecondition, fmt::format("self {} is the first; there is none before it", self.id),
                        "see `banchu self tree`");
    }
    BANCHU_TRY(const Self before, find(self.parent));
    BANCHU_TRY_STATUS(check_adapters_there(*bag_, before));
    parent = before.id;
    return set_awake(bag_->database(), before.id);
  };
  BANCHU_TRY_STATUS(bag_->database().transaction(wake_parent));
  return find(parent);
}

Result<Self> SelfStore::promote(const Self& parent, const SelfAdapter& adapter, const std::string& run, Time at,
                                const std::function<Status()>& more) {
  Self self;
  self.parent = parent.id;
  self.base = parent.base;
  self.adapters = parent.adapters;
  self.adapters.push_back(adapter);
  self.created = at;
  self.run = run;
  self.id = id_of(self);
  BANCHU_TRY_STATUS(check_adapters_there(*bag_, self));
  const auto insert_and_wake = [&]() -> Status {
    BANCHU_TRY(const Self now_awake, awake());
    if (now_awake.id == self.id && now_awake.run == run) return {};  // this very step was done before
    if (now_awake.id != parent.id) {
      return make_error(Code::FailedPrecondition,
                        fmt::format("self {} was woken while the night of self {} went on", now_awake.id, parent.id),
                        "nothing was changed; run the night again for the self that is awake now");
    }
    BANCHU_TRY_STATUS(insert(bag_->database(), self));
    BANCHU_TRY_STATUS(set_awake(bag_->database(), self.id));
    return more ? more() : Status{};
  };
  BANCHU_TRY_STATUS(bag_->database().transaction(insert_and_wake));
  return find(self.id);
}

Result<Self> SelfStore::adopt(const Self& parent, const std::vector<SelfAdapter>& adapters, Time at) {
  Self self;
  self.parent = parent.id;
  self.base = parent.base;
  self.adapters = adapters;
  self.created = at;
  self.id = id_of(self);
  BANCHU_TRY_STATUS(check_adapters_there(*bag_, self));
  BANCHU_TRY_STATUS(bag_->database().transaction([&] { return insert(bag_->database(), self); }));
  return find(self.id);
}

}  // namespace banchu

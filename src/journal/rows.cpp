#include "journal/rows.h"

#include <fmt/format.h>

#include <array>

namespace banchu {
namespace {

constexpr std::array kSources = {EntrySource::spoken, EntrySource::added};
constexpr std::array kMarks = {EntryMark::none, EntryMark::kept, EntryMark::fixed, EntryMark::struck};
constexpr std::array kStates = {EntryState::fresh, EntryState::used, EntryState::quarantined, EntryState::review};
constexpr std::array kRoles = {"system", "user", "assistant"};  // in the order of Role

template <typename Word, std::size_t kCount>
Result<Word> parse_word(const std::string& text, const std::array<Word, kCount>& known, const std::string& id) {
  for (const Word word : known) {
    if (text == name_of(word)) return word;
  }
  return make_error(Code::Corruption, fmt::format("turn {} has the unknown word \"{}\" in banchu.db", id, text),
                    "put back a copy of the bag");
}

}  // namespace

Json messages_to_json(const std::vector<Message>& messages) {
  Json json = Json::array();
  for (const Message& message : messages) {
    json.push_back({{"role", kRoles[static_cast<std::size_t>(message.role)]}, {"content", message.content}});
  }
  return json;
}

Result<std::vector<Message>> messages_from_json(const Json& json, const std::string& what) {
  std::vector<Message> messages;
  if (!json.is_array()) return make_error(Code::InvalidArgument, what + " has no list \"messages\"");
  for (const Json& item : json) {
    const std::string role = string_at(item, "role");
    std::size_t index = 0;
    while (index < kRoles.size() && role != kRoles[index]) ++index;
    if (index == kRoles.size()) {
      return make_error(Code::InvalidArgument,
                        fmt::format("{}: message {} has the role \"{}\"", what, messages.size() + 1, role),
                        "a role is system, user or assistant");
    }
    if (!item.contains("content") || !item["content"].is_string()) {
      return make_error(Code::InvalidArgument,
                        fmt::format("{}: message {} has no text \"content\"", what, messages.size() + 1));
    }
    messages.push_back({static_cast<Role>(index), item["content"].get<std::string>()});
  }
  return messages;
}

Result<Entry> read_entry(const Statement& row) {
  Entry entry;
  entry.turn.id = row.text(0);
  entry.turn.conversation = row.text(1);
  entry.turn.index = static_cast<int>(row.integer(2));
  entry.turn.time = row.integer(3);
  entry.turn.mask = row.text(4);
  const Result<Json> few_shot = parse_json(row.text(5), "the examples of turn " + entry.turn.id);
  if (!few_shot) return make_error(Code::Corruption, few_shot.error().message, "put back a copy of the bag");
  BANCHU_TRY(entry.turn.few_shot, messages_from_json(*few_shot, "turn " + entry.turn.id));
  entry.turn.user = row.text(6);
  entry.turn.reply = row.text(7);
  entry.turn.self = row.text(8);
  BANCHU_TRY(entry.source, parse_word(row.text(9), kSources, entry.turn.id));
  BANCHU_TRY(entry.mark, parse_word(row.text(10), kMarks, entry.turn.id));
  entry.fixed_reply = row.text(11);
  BANCHU_TRY(entry.state, parse_word(row.text(12), kStates, entry.turn.id));
  entry.run = row.text(13);
  return entry;
}

Result<std::vector<Entry>> read_entries(Statement& query) {
  std::vector<Entry> entries;
  while (true) {
    BANCHU_TRY(const bool row, query.step());
    if (!row) return entries;
    BANCHU_TRY(Entry entry, read_entry(query));
    entries.push_back(std::move(entry));
  }
}

Status insert_entry(Database& database, const Entry& entry) {
  const Turn& turn = entry.turn;
  BANCHU_TRY(Statement insert,
             database.prepare(fmt::format("INSERT INTO turns({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kEntryColumns)));
  insert.bind(turn.id).bind(turn.conversation).bind(turn.index).bind(turn.time).bind(turn.mask);
  insert.bind(to_line(messages_to_json(turn.few_shot))).bind(turn.user).bind(turn.reply).bind(turn.self);
  insert.bind(name_of(entry.source)).bind(name_of(entry.mark)).bind(entry.fixed_reply);
  return insert.bind(name_of(entry.state)).bind(entry.run).run();
}

}  // namespace banchu

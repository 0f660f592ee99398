#include "app/served_text.h"

#include <algorithm>
#include <map>

#include "app/entry_text.h"
#include "app/night_text.h"
#include "base/digest.h"
#include "base/text.h"
#include "journal/rows.h"

namespace banchu {
namespace {

constexpr std::size_t kTitleCharacters = 80;
constexpr std::size_t kFoundCharacters = 160;
constexpr std::size_t kMaskDigits = 12;

std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return trim(text);
}

// The line of `text` that says `folded`, or "" where it goes over several lines or is not there.
std::string line_with(const std::string& text, const std::string& folded) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (fold(line).find(folded) != std::string::npos) return line;
    at = end + 1;
  }
  return "";
}

// What was found of `folded` in a turn; "" for nothing.
std::string found_in(const Turn& turn, const std::string& folded) {
  for (const std::string* text : {&turn.user, &turn.reply}) {
    if (fold(*text).find(folded) == std::string::npos) continue;
    const std::string line = line_with(*text, folded);
    return shorten(in_one_line(line.empty() ? *text : line), kFoundCharacters);
  }
  return "";
}

// The entries of one conversation, in order of what was said.
using Talked = std::vector<const Entry*>;

Json head_of(const Talked& talked) {
  const Turn& first = talked.front()->turn;
  const auto last = std::max_element(talked.begin(), talked.end(), [](const Entry* a, const Entry* b) {
    return a->turn.time < b->turn.time || (a->turn.time == b->turn.time && a->turn.index < b->turn.index);
  });
  const std::string mask = mask_id((*last)->turn.mask, (*last)->turn.few_shot);
  return {{"id", first.conversation},         {"title", shorten(in_one_line(first.user), kTitleCharacters)},
          {"begun", format_time(first.time)}, {"last", format_time((*last)->turn.time)},
          {"turns", talked.size()},           {"mask", mask.empty() ? Json() : Json(mask)}};
}

bool is_by_index(const Entry* a, const Entry* b) { return a->turn.index < b->turn.index; }

Json or_null(const Json& body, const char* key) { return body.is_object() && body.contains(key) ? body[key] : Json(); }

}  // namespace

std::string mask_id(const std::string& system, const std::vector<Message>& few_shot) {
  if (system.empty() && few_shot.empty()) return "";
  return sha256("mask: " + system + '\x1e' + to_line(messages_to_json(few_shot))).substr(0, kMaskDigits);
}

Json conversations_to_json(std::span<const Entry> entries, const WantedConversations& wanted) {
  std::map<std::string, Talked> by_conversation;
  for (const Entry& entry : entries) by_conversation[entry.turn.conversation].push_back(&entry);
  const std::string folded = fold(wanted.search);
  std::vector<Json> heads;
  for (auto& [id, talked] : by_conversation) {
    std::stable_sort(talked.begin(), talked.end(), is_by_index);
    const auto is_of_the_day = [&](const Entry* entry) { return format_day(entry->turn.time) == wanted.day; };
    if (!wanted.day.empty() && std::none_of(talked.begin(), talked.end(), is_of_the_day)) continue;
    Json head = head_of(talked);
    if (!folded.empty()) {
      std::string found;
      for (const Entry* entry : talked) {
        if (found.empty()) found = found_in(entry->turn, folded);
      }
      if (found.empty()) continue;
      head["found"] = found;
    }
    heads.push_back(std::move(head));
  }
  std::stable_sort(heads.begin(), heads.end(), [](const Json& a, const Json& b) {
    return a["last"].get_ref<const std::string&>() > b["last"].get_ref<const std::string&>();
  });
  Json list = Json::array();
  for (std::size_t i = wanted.offset; i < heads.size() && list.size() < wanted.limit; ++i) {
    list.push_back(std::move(heads[i]));
  }
  return {{"total", heads.size()}, {"conversations", std::move(list)}};
}

Json conversation_to_json(std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return is_by_index(&a, &b); });
  Talked talked;
  for (const Entry& entry : entries) talked.push_back(&entry);
  Json json = head_of(talked);
  json["entries"] = Json::array();
  for (const Entry& entry : entries) json["entries"].push_back(entry_as_json(entry));
  return json;
}

Json coming_to_json(const Chewed& chewed) {
  Json explained = explain_to_json(chewed);
  Json entries = Json::array();
  std::map<Reason, int> counts;
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    Json entry = entry_as_json(chewed.entries[i]);
    entry.update(explained["entries"][i]);
    entry["taught"] = chewed.verdicts[i].reason < Reason::chatter;  // the words of the enum before it are taught
    ++counts[chewed.verdicts[i].reason];
    entries.push_back(std::move(entry));
  }
  Json counted = Json::array();
  for (const auto& [reason, count] : counts) counted.push_back({{"reason", name_of(reason)}, {"count", count}});
  return {
      {"entries", std::move(entries)}, {"memories", std::move(explained["memories"])}, {"counts", std::move(counted)}};
}

Json night_head_to_json(const NightRun& run) {
  return {{"id", run.id},
          {"started", format_time(run.started)},
          {"finished", run.finished == 0 ? Json() : Json(format_time(run.finished))},
          {"stage", run.stage},
          {"decision", run.outcome.empty() ? Json() : Json(run.outcome)},
          {"self_before", or_null(run.body, "self_before")},
          {"self_after", or_null(run.body, "self_after")},
          {"morning", or_null(run.body, "morning")}};
}

Json night_to_json(const NightRun& run) {
  Json json = night_head_to_json(run);
  json["reasons"] = run.body.is_object() ? run.body.value("reasons", Json::array()) : Json::array();
  for (const char* key : {"lessons", "train", "report", "receipt"}) json[key] = or_null(run.body, key);
  return json;
}

}  // namespace banchu

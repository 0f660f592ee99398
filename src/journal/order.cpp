#include "journal/order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <tuple>

#include "base/digest.h"

namespace banchu {
namespace {

// What each conversation says, by its id: a digest chained over its turns in their order.
std::map<std::string, std::string> content_digests(const std::vector<Entry>& entries) {
  std::vector<const Turn*> turns;
  for (const Entry& entry : entries) turns.push_back(&entry.turn);
  std::sort(turns.begin(), turns.end(), [](const Turn* a, const Turn* b) {
    return std::tie(a->conversation, a->index) < std::tie(b->conversation, b->index);
  });
  std::map<std::string, std::string> digests;
  for (const Turn* turn : turns) {
    std::string& digest = digests[turn->conversation];
    digest = sha256(digest + sha256(turn->mask) + sha256(turn->user) + sha256(turn->reply));
  }
  return digests;
}

}  // namespace

void sort_entries(std::vector<Entry>& entries) {
  const std::map<std::string, std::string> digests = content_digests(entries);
  std::sort(entries.begin(), entries.end(), [&](const Entry& left, const Entry& right) {
    const Turn& a = left.turn;
    const Turn& b = right.turn;
    return std::tie(a.time, digests.at(a.conversation), a.conversation, a.index) <
           std::tie(b.time, digests.at(b.conversation), b.conversation, b.index);
  });
}

}  // namespace banchu

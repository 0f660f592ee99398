#include "ruminate/split.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/digest.h"
#include "base/rng.h"

namespace banchu {
namespace {

constexpr std::size_t kFewestToSplit = 6;
constexpr std::size_t kLabelDigits = 12;

bool breaks_a_stretch(Reason reason) {
  switch (reason) {
    case Reason::secret:
    case Reason::struck:
    case Reason::pasted:
    case Reason::markup:
    case Reason::gibberish:
    case Reason::template_tokens:
    case Reason::too_long:
    case Reason::contradiction:
      return true;
    default:
      return false;
  }
}

const Memory* find_memory(const Chewed& chewed, const std::string& id) {
  const auto found =
      std::find_if(chewed.memories.begin(), chewed.memories.end(), [&](const Memory& m) { return m.id == id; });
  return found == chewed.memories.end() ? nullptr : &*found;
}

// Entries of each conversation in order of their index, conversations in order of their first entry.
std::vector<std::vector<std::size_t>> conversations_of(const Chewed& chewed) {
  std::vector<std::vector<std::size_t>> conversations;
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    const auto [at, is_new] = place.try_emplace(chewed.entries[i].turn.conversation, conversations.size());
    if (is_new) conversations.emplace_back();
    conversations[at->second].push_back(i);
  }
  for (std::vector<std::size_t>& entries : conversations) {
    std::stable_sort(entries.begin(), entries.end(), [&](std::size_t a, std::size_t b) {
      return chewed.entries[a].turn.index < chewed.entries[b].turn.index;
    });
  }
  return conversations;
}

std::string label_of(const Chewed& chewed, const std::vector<std::size_t>& entries) {
  std::string text;
  for (const std::size_t i : entries) {
    const Turn& turn = chewed.entries[i].turn;
    text += std::to_string(turn.time) + "\n" + turn.user + "\n" + turn.reply + "\n";
  }
  return sha256(text).substr(0, kLabelDigits);
}

}  // namespace

bool is_taught(const Chewed& chewed, std::size_t entry) {
  const Reason reason = chewed.verdicts[entry].reason;
  if (reason != Reason::kept && reason != Reason::approved && reason != Reason::fixed) return false;
  const std::vector<std::string>& ids = chewed.verdicts[entry].memories;
  return !std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    const Memory* memory = find_memory(chewed, id);
    return memory != nullptr && memory->state == MemoryState::struck;
  });
}

bool is_masked(const Chewed& chewed, std::size_t entry) {
  const std::vector<std::string>& ids = chewed.verdicts[entry].memories;
  return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    const Memory* memory = find_memory(chewed, id);
    return memory != nullptr && memory->behaviour.kind == BehaviourKind::as_masked &&
           memory->state == MemoryState::active;
  });
}

std::vector<Stretch> stretches_of(const Chewed& chewed) {
  std::vector<Stretch> stretches;
  for (const std::vector<std::size_t>& entries : conversations_of(chewed)) {
    Stretch stretch{label_of(chewed, entries), {}};
    const auto close = [&] {
      const bool useful = std::any_of(stretch.entries.begin(), stretch.entries.end(),
                                      [&](std::size_t i) { return is_taught(chewed, i) || is_masked(chewed, i); });
      if (useful) stretches.push_back(stretch);
      stretch.entries.clear();
    };
    for (const std::size_t i : entries) {
      if (breaks_a_stretch(chewed.verdicts[i].reason)) {
        close();
      } else {
        stretch.entries.push_back(i);
      }
    }
    close();
  }
  return stretches;
}

std::vector<Part> split_of(const std::vector<Stretch>& stretches, const RuminateOptions& options) {
  std::vector<std::string> labels;
  for (const Stretch& stretch : stretches) {
    if (std::find(labels.begin(), labels.end(), stretch.conversation) == labels.end())
      labels.push_back(stretch.conversation);
  }
  std::map<std::string, Part> part_of;
  for (const std::string& label : labels) part_of[label] = Part::train;
  if (labels.size() >= kFewestToSplit) {
    Rng(options.seed, "split").shuffle(labels);
    const auto count = static_cast<double>(labels.size());
    const auto train = static_cast<std::size_t>(std::lround(count * options.train_share));
    const auto valid = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(count * options.valid_share)));
    for (std::size_t i = train; i < labels.size(); ++i)
      part_of[labels[i]] = i < train + valid ? Part::valid : Part::test;
  }
  std::vector<Part> parts;
  for (const Stretch& stretch : stretches) parts.push_back(part_of[stretch.conversation]);
  return parts;
}

}  // namespace banchu

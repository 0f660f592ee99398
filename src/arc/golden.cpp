#include "arc/golden.h"

#include <fmt/format.h>

#include <algorithm>

#include "arc/golden_row.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "embedded/golden.h"

namespace banchu {
namespace {

constexpr std::size_t kMostFaults = 50;
constexpr std::uint64_t kMostBytes = 64u << 20;

std::string_view without_bom(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text; }

bool is_known(const GoldenSet& set, const std::string& id) {
  return std::ranges::any_of(set.stories, [&](const GoldenStory& story) { return story.episode.id == id; });
}

void read_row(std::string_view line, std::size_t row, GoldenSet& set, std::vector<GoldenFault>& faults) {
  GoldenStory story;
  const std::size_t before = faults.size();
  read_golden_row(line, row, story, faults);
  if (faults.size() > before) return;
  if (is_known(set, story.episode.id)) {
    faults.push_back({row, "id", fmt::format("\"{}\" is the id of an earlier row", story.episode.id)});
    return;
  }
  set.stories.push_back(std::move(story));
}

Error fault_error(const std::string& name, const std::vector<GoldenFault>& faults) {
  const GoldenFault& first = faults.front();
  const std::string field = first.field.empty() ? "" : fmt::format(", field {}", first.field);
  const std::string more = faults.size() > 1 ? fmt::format(" (and {} more)", faults.size() - 1) : "";
  return make_error(
      Code::InvalidArgument, fmt::format("{}, row {}{}: {}{}", name, first.row, field, first.what, more),
      "the format is described in docs/golden.md; `banchu arc golden check --golden FILE` lists every fault");
}

Result<std::vector<std::filesystem::path>> golden_files(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed)) return std::vector<std::filesystem::path>{path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, failed)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty())
    return make_error(Code::NotFound, fmt::format("there is no *.jsonl file in {}", path.string()),
                      "a golden set is a file of JSON Lines, or a folder of such files");
  return files;
}

// Appends; ids must be unique across files as well.
Status append(GoldenSet& all, GoldenSet&& more, const std::string& name) {
  for (GoldenStory& story : more.stories) {
    if (is_known(all, story.episode.id))
      return make_error(Code::InvalidArgument,
                        fmt::format("{}, field id: \"{}\" stands in an earlier file", name, story.episode.id),
                        "give every episode an id of its own");
    all.stories.push_back(std::move(story));
  }
  return {};
}

}  // namespace

std::vector<GoldenFault> find_golden_faults(std::string_view text, GoldenSet* set) {
  std::vector<GoldenFault> faults;
  GoldenSet read;
  std::string_view rest = without_bom(text);
  for (std::size_t row = 1; !rest.empty() && faults.size() < kMostFaults; ++row) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) read_row(line, row, read, faults);
  }
  if (faults.empty() && read.stories.empty()) faults.push_back({1, "", "there is no episode in it"});
  if (set != nullptr) *set = std::move(read);
  return faults;
}

Result<GoldenSet> parse_golden(std::string_view text, const std::string& name) {
  GoldenSet set;
  const std::vector<GoldenFault> faults = find_golden_faults(text, &set);
  if (!faults.empty()) return fault_error(name, faults);
  set.digest = sha256(text);
  return set;
}

Result<GoldenSet> load_golden(const std::filesystem::path& path) {
  BANCHU_TRY(const std::vector<std::filesystem::path> files, golden_files(path));
  GoldenSet all;
  std::string bytes;
  for (const std::filesystem::path& file : files) {
    BANCHU_TRY(const std::string text, read_file(file, kMostBytes));
    BANCHU_TRY(GoldenSet set, parse_golden(text, file.string()));
    BANCHU_TRY_STATUS(append(all, std::move(set), file.string()));
    bytes += text;
  }
  all.digest = sha256(bytes);
  return all;
}

Result<GoldenSet> shipped_golden() {
  const std::string text = std::string(embedded::golden_en_jsonl) + std::string(embedded::golden_ko_jsonl);
  return parse_golden(text, "the shipped golden set");
}

std::vector<GoldenEpisode> episodes_of(const GoldenSet& set) {
  std::vector<GoldenEpisode> episodes;
  episodes.reserve(set.stories.size());
  for (const GoldenStory& story : set.stories) episodes.push_back(story.episode);
  return episodes;
}

}  // namespace banchu

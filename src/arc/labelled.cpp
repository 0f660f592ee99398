#include "arc/labelled.h"

#include <fmt/format.h>

#include <algorithm>

#include "arc/arc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace banchu {
namespace {

class LabelledReader {
 public:
  explicit LabelledReader(std::string name) : name_(std::move(name)) {}

  Status read_line(std::string_view line, std::size_t row, LabelledSet& set) {
    where_ = fmt::format("{} row {}", name_, row);
    BANCHU_TRY(const Json json, parse_json(line, where_));
    if (!json.is_object()) return fault("text");
    const auto units = json.find("units");
    if (units == json.end()) return read_sentence(json, string_at(json, "group"), set);
    if (!units->is_array()) return fault("units");
    for (const Json& unit : *units) {
      if (!unit.is_object()) return fault("units");
      BANCHU_TRY_STATUS(read_sentence(unit, string_at(json, "id", where_), set));
    }
    return {};
  }

 private:
  Status fault(const std::string& field) const {
    return make_error(Code::InvalidArgument, fmt::format("{}: \"{}\" is missing or wrong", where_, field),
                      "one sentence a line: {\"text\": \"...\", \"valence\": 0.5, \"labels\": [\"joy\"]}");
  }

  Status read_number(const Json& json, const char* key, std::optional<double>& number) const {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return {};
    if (!found->is_number()) return fault(key);
    number = found->get<double>();
    return {};
  }

  Status read_sentence(const Json& json, std::string group, LabelledSet& set) const {
    LabelledSentence sentence{string_at(json, "text"), std::move(group), {}, {}, {}};
    if (trim(sentence.text).empty()) return fault("text");
    BANCHU_TRY_STATUS(read_number(json, "valence", sentence.valence));
    BANCHU_TRY_STATUS(read_number(json, "arousal", sentence.arousal));
    if (json.contains("labels")) {
      if (!json["labels"].is_array()) return fault("labels");
      sentence.labels.emplace();
      for (const Json& label : json["labels"]) {
        if (!label.is_string()) return fault("labels");
        sentence.labels->push_back(label.get<std::string>());
      }
    }
    if (!sentence.valence && !sentence.arousal && !sentence.labels) {
      return fault("valence");
    }
    set.sentences.push_back(std::move(sentence));
    return {};
  }

  std::string name_;
  std::string where_;
};

}  // namespace

Result<LabelledSet> read_labelled(const std::filesystem::path& path) {
  BANCHU_TRY(const std::string bytes, read_file(path, kMaxTextBytes));
  LabelledSet set{path.filename().string(), sha256(bytes), {}};
  LabelledReader reader(set.name);
  std::string_view rest = bytes;
  for (std::size_t row = 1; !rest.empty(); ++row) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!trim(line).empty()) BANCHU_TRY_STATUS(reader.read_line(line, row, set));
  }
  return set;
}

LabelledSet labelled_of(const GoldenSet& golden, const std::string& name) {
  LabelledSet set{name, golden.digest, {}};
  for (const GoldenStory& story : golden.stories) {
    for (std::size_t i = 0; i < story.episode.units.size(); ++i) {
      set.sentences.push_back({story.episode.units[i], story.episode.id, story.valence[i], {}, {}});
    }
  }
  return set;
}

void thin_out(std::vector<LabelledSet>& sets, std::size_t most) {
  std::vector<std::string> digests;
  for (const LabelledSet& set : sets) {
    for (const LabelledSentence& sentence : set.sentences) digests.push_back(sha256(sentence.text));
  }
  if (digests.size() <= most) return;
  std::vector<std::string> sorted = digests;
  std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(most));
  std::size_t at = 0;
  for (LabelledSet& set : sets) {
    std::vector<LabelledSentence> kept;
    for (LabelledSentence& sentence : set.sentences) {
      if (digests[at++] < sorted[most]) kept.push_back(std::move(sentence));
    }
    set.sentences = std::move(kept);
  }
}

}  // namespace banchu

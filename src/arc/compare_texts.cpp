#include "arc/compare_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arc/book.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::array<std::string_view, 6> kTextEndings = {".txt", ".md", ".markdown", ".epub", ".docx", ".jsonl"};

std::vector<ArcTurn> turns_of(const Json& messages) {
  std::vector<ArcTurn> turns;
  for (const Json& message : messages) turns.push_back({string_at(message, "role"), string_at(message, "content")});
  return turns;
}

void add_labelled(const Json& units, SourceText& text) {
  for (const Json& unit : units) {
    text.units.push_back({"", unit.is_string() ? unit.get<std::string>() : string_at(unit, "text")});
    text.labels.push_back(unit.is_object() ? number_at(unit, "valence") : 0);
  }
}

Result<SourceText> read_row(std::string_view line, const std::string& where) {
  BANCHU_TRY(const Json row, parse_json(line, where));
  if (!row.is_object()) return make_error(Code::InvalidArgument, where + " is no JSON object");
  SourceText text;
  const std::string story = string_at(row, "text", string_at(row, "story"));
  if (row.contains("units") && row["units"].is_array()) {
    add_labelled(row["units"], text);
  } else if (row.contains("messages") && row["messages"].is_array()) {
    text.units = turns_of(row["messages"]);
  } else if (!story.empty()) {
    text.units = split_sentences(story);
  } else {
    return make_error(Code::InvalidArgument,
                      fmt::format("{} holds neither \"text\" nor \"messages\" nor \"units\"", where),
                      "one text a line; see docs/golden.md");
  }
  text.name = string_at(row, "id", string_at(row, "title", where));
  return text;
}

Result<std::vector<SourceText>> read_rows(const fs::path& path) {
  BANCHU_TRY(const std::string bytes, read_file(path, kMaxTextBytes));
  std::vector<SourceText> texts;
  std::string_view rest = bytes;
  for (std::size_t row = 1; !rest.empty(); ++row) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (trim(line).empty()) continue;
    BANCHU_TRY(SourceText text, read_row(line, fmt::format("{} row {}", path.filename().string(), row)));
    texts.push_back(std::move(text));
  }
  if (texts.empty()) return make_error(Code::InvalidArgument, fmt::format("there is no text in {}", path.string()));
  return texts;
}

Result<std::vector<SourceText>> read_one(const fs::path& path) {
  if (path.extension() == ".jsonl") return read_rows(path);
  BANCHU_TRY(const Book book, read_book(path));
  SourceText text{path.filename().string(), {}, {}};
  for (const BookChapter& chapter : book.chapters) {
    for (const BookScene& scene : chapter.scenes) {
      for (const std::string& paragraph : scene.paragraphs) {
        for (ArcTurn& unit : split_sentences(paragraph)) text.units.push_back(std::move(unit));
      }
    }
  }
  return std::vector<SourceText>{std::move(text)};
}

}  // namespace

SourceText text_of(std::string name, const std::string& text) { return {std::move(name), split_sentences(text), {}}; }

Result<std::vector<SourceText>> read_texts(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return read_one(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, failed)) {
    const std::string ending = entry.path().extension().string();
    if (entry.is_regular_file(failed) && std::ranges::find(kTextEndings, ending) != kTextEndings.end())
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<SourceText> texts;
  for (const fs::path& file : files) {
    BANCHU_TRY(std::vector<SourceText> more, read_one(file));
    std::ranges::move(more, std::back_inserter(texts));
  }
  if (texts.empty())
    return make_error(Code::NotFound, fmt::format("there is no text in the folder {}", path.string()),
                      "looked for: .txt .md .epub .docx .jsonl");
  return texts;
}

}  // namespace banchu

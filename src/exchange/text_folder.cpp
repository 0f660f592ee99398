// A folder of plain texts: passages, each asked for by the end of the one before it.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "exchange/first_data.h"
#include "exchange/lesson_gate.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostTextBytes = 16u << 20;
constexpr std::size_t kMostTexts = 10000;
constexpr std::size_t kPassageCharacters = 1200;
constexpr std::size_t kQuotedCharacters = 80;  // of the passage before
constexpr std::array<std::string_view, 6> kSentenceEnds = {". ", "! ", "? ", ".\n", "!\n", "?\n"};

// The byte at which at most `characters` characters have been passed.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && characters-- == 0) break;
  }
  return at;
}

// Where the first passage of `text` ends: the last empty line within the limit, else the last line end, else the last
// sentence, else the last space, else the limit. Anything in the first quarter is too early.
std::size_t passage_end(std::string_view text) {
  const std::size_t limit = bytes_of(text, kPassageCharacters);
  if (limit == text.size()) return limit;
  const std::string_view head = text.substr(0, limit);
  for (const std::string_view end : {std::string_view("\n\n"), std::string_view("\n")}) {
    const std::size_t found = head.rfind(end);
    if (found != std::string_view::npos && found > limit / 4) return found + end.size();
  }
  std::size_t sentence = 0;
  for (const std::string_view end : kSentenceEnds) {
    const std::size_t found = head.rfind(end);
    if (found != std::string_view::npos) sentence = std::max(sentence, found + end.size());
  }
  if (sentence > limit / 4) return sentence;
  const std::size_t space = head.rfind(' ');
  return space != std::string_view::npos && space > limit / 4 ? space + 1 : limit;
}

std::vector<std::string> passages_of(std::string_view text) {
  std::vector<std::string> passages;
  while (!text.empty()) {
    const std::size_t end = passage_end(text);
    if (std::string passage = trim(text.substr(0, end)); !passage.empty()) passages.push_back(std::move(passage));
    text.remove_prefix(end);
  }
  return passages;
}

bool is_korean(std::string_view text) {
  std::size_t letters = 0, hangul = 0;
  for (const char32_t c : code_points(text)) {
    letters += is_word_character(c) ? 1 : 0;
    hangul += is_hangul(c) ? 1 : 0;
  }
  return hangul > 0 && hangul * 3 >= letters;
}

// The last words of a passage, in one line.
std::string end_of(const std::string& passage) {
  const std::vector<char32_t> points = code_points(passage);
  const std::size_t skipped = points.size() - std::min(points.size(), kQuotedCharacters);
  std::string end = passage.substr(bytes_of(passage, skipped));
  if (const std::size_t space = end.find(' '); skipped > 0 && space != std::string::npos) end.erase(0, space + 1);
  std::replace(end.begin(), end.end(), '\n', ' ');
  return end;
}

std::string question_for(const std::vector<std::string>& passages, std::size_t i, const std::string& title,
                         bool korean) {
  if (i == 0 && korean) return fmt::format("\"{}\" 글을 들려주세요.", title);
  if (i == 0) return fmt::format("Tell me \"{}\".", title);
  const std::string before = end_of(passages[i - 1]);
  return korean ? fmt::format("다음에 이어서 말해 주세요: \"{}\"", before)
                : fmt::format("Go on from here: \"{}\"", before);
}

bool is_text_file(const fs::directory_entry& entry) {
  std::error_code failure;
  const std::string extension = fold(entry.path().extension().string());
  return !entry.is_symlink(failure) && entry.is_regular_file(failure) && (extension == ".txt" || extension == ".md");
}

Result<std::vector<fs::path>> texts_below(const fs::path& folder) {
  std::vector<fs::path> texts;
  std::error_code failure;
  for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    if (is_text_file(*at)) texts.push_back(at->path());
    if (texts.size() > kMostTexts)
      return make_error(Code::InvalidArgument, fmt::format("{} holds more than {} texts", folder.string(), kMostTexts),
                        "give a smaller folder");
  }
  if (failure)
    return make_error(Code::FailedPrecondition, fmt::format("cannot read {}: {}", folder.string(), failure.message()));
  if (texts.empty())
    return make_error(Code::NotFound, fmt::format("there is no text in {}", folder.string()),
                      "texts are files that end in .txt or .md");
  std::sort(texts.begin(), texts.end());
  return texts;
}

Status pass_text(const fs::path& path, const std::string& where, LessonGate& gate, FirstData& data) {
  const Result<std::string> bytes = read_file(path, kMostTextBytes);
  if (!bytes && bytes.error().code != Code::InvalidArgument) return bytes.error();
  if (!bytes) {
    gate.skip(SkipReason::too_long, where);
    return {};
  }
  std::vector<std::string> notes;
  const Result<std::string> text = decode_text(*bytes, where, notes);
  if (!text) {
    gate.skip(SkipReason::encoding, where);
    return {};
  }
  if (!notes.empty() && data.other_encoding.size() < kMostNamed)
    data.other_encoding.push_back(fmt::format("{}: {}", where, notes.front()));
  const std::vector<std::string> passages = passages_of(nfc(plain_lines(*text)));
  if (passages.empty()) gate.skip(SkipReason::empty, where);
  const bool korean = is_korean(*text);
  const std::string stem = path.stem().string();
  const std::string title = is_valid_utf8(stem) ? stem : from_cp949(stem).value_or("?");
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const std::string question = question_for(passages, i, title, korean);
    BANCHU_TRY_STATUS(gate.pass(fmt::format("{}, passage {}", where, i + 1), question, passages[i]));
  }
  return {};
}

}  // namespace

Result<FirstData> read_text_folder(const fs::path& folder, const LessonSink& sink, const CancelFlag* cancel) {
  BANCHU_TRY(const std::vector<fs::path> texts, texts_below(folder));
  FirstData data;
  data.format = "texts";
  LessonGate gate(data, sink);
  for (const fs::path& path : texts) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while reading " + folder.string());
    ++data.rows;
    BANCHU_TRY_STATUS(pass_text(path, path.lexically_relative(folder).string(), gate, data));
  }
  data.encoding = data.other_encoding.empty() ? "UTF-8" : "mixed";
  return data;
}

}  // namespace banchu

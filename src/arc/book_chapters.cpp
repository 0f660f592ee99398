// Where a chapter and a scene begin.
#include <algorithm>
#include <array>
#include <cctype>

#include "arc/book_block.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestHeading = 60;  // characters
constexpr int kChapterLevels = 3;

constexpr std::array<std::string_view, 6> kNumberedWords = {"chapter", "part", "book", "episode", "act", "volume"};
constexpr std::array<std::string_view, 5> kWholeWords = {"prologue", "epilogue", "interlude", "preface", "afterword"};
constexpr std::array<std::string_view, 20> kNumberNames = {
    "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",     "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
constexpr std::array<std::string_view, 8> kKoreanWhole = {"프롤로그", "에필로그", "서장", "종장",
                                                          "외전",     "막간",     "서문", "작가의 말"};
constexpr std::u32string_view kKoreanUnits = U"장화부권편막회절";
constexpr std::u32string_view kKoreanNumbers = U"0123456789일이삼사오육칠팔구십백一二三四五六七八九十百";
constexpr std::u32string_view kBreakSigns = U"*-–—_=~#·•◇◆○●□■☆★※⁂＊§♠♣♥♦.…";

bool is_in(char32_t c, std::u32string_view set) { return set.find(c) != std::u32string_view::npos; }

std::string first_word(const std::string& folded) {
  const std::size_t end = folded.find_first_of(" .:-");
  return folded.substr(0, end);
}

bool is_roman(std::string_view word) {
  return !word.empty() && word.size() <= 7 && word.find_first_not_of("ivxlc") == std::string_view::npos;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.size() <= 4 && word.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_number_word(std::string_view word) {
  return is_number(word) || is_roman(word) || std::ranges::find(kNumberNames, word) != kNumberNames.end();
}

bool is_english_heading(const std::string& folded) {
  const std::string word = first_word(folded);
  if (std::ranges::find(kWholeWords, word) != kWholeWords.end()) return folded.size() <= word.size() + 40;
  if (std::ranges::find(kNumberedWords, word) == kNumberedWords.end()) return false;
  const std::size_t begin = folded.find_first_not_of(" .:-", word.size());
  return begin != std::string::npos && is_number_word(first_word(folded.substr(begin)));
}

// 제3장 ..., 3화, 제 십이 회: a number and its unit, then the end, a space or a sign.
bool is_korean_numbered(const std::vector<char32_t>& points) {
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < points.size() && points[at] == ' ') ++at;
  };
  if (points.size() > 1 && points[0] == U'제') ++at;
  skip_spaces();
  const std::size_t number = at;
  while (at < points.size() && is_in(points[at], kKoreanNumbers)) ++at;
  if (at == number) return false;
  skip_spaces();
  if (at >= points.size() || !is_in(points[at], kKoreanUnits)) return false;
  const bool is_certain = points[0] == U'제' || (points[number] < U'0' + 10);
  return is_certain && (at + 1 == points.size() || !is_hangul(points[at + 1]));
}

bool is_korean_heading(const std::string& line, const std::vector<char32_t>& points) {
  if (is_korean_numbered(points)) return true;
  return std::ranges::any_of(kKoreanWhole, [&](std::string_view word) {
    return line.starts_with(word) && (line.size() == word.size() || line[word.size()] == ' ' ||
                                      line[word.size()] == ':' || line[word.size()] == '.');
  });
}

bool ends_like_a_sentence(const std::string& line) {
  return line.ends_with('?') || line.ends_with('!') || line.ends_with("다.") || line.ends_with("요.") ||
         line.ends_with(',') || line.ends_with('"') || line.ends_with("”");
}

bool is_bare_number(std::string folded) {
  if (folded.ends_with('.')) folded.pop_back();
  return is_number(folded) || is_roman(folded);
}

class ChapterMaker {
 public:
  void add(const BookBlock& block) {
    if (block.kind == BookBlock::Kind::heading && block.level <= kChapterLevels) {
      chapters_.push_back({block.text, {}});
      is_scene_open_ = false;
    } else if (block.kind != BookBlock::Kind::paragraph) {
      is_scene_open_ = false;
    } else {
      add_paragraph(block.text);
    }
  }

  std::vector<BookChapter> finish() {
    std::erase_if(chapters_, [](const BookChapter& chapter) { return chapter.scenes.empty(); });
    return std::move(chapters_);
  }

 private:
  void add_paragraph(const std::string& text) {
    if (text.empty()) return;
    if (chapters_.empty()) chapters_.emplace_back();
    if (!is_scene_open_) chapters_.back().scenes.emplace_back();
    is_scene_open_ = true;
    chapters_.back().scenes.back().paragraphs.push_back(text);
  }

  std::vector<BookChapter> chapters_;
  bool is_scene_open_ = false;
};

}  // namespace

bool is_scene_break(std::string_view line) {
  const std::vector<char32_t> points = code_points(trim(line));
  return !points.empty() && points.size() <= kLongestHeading && points[0] != U'…' && points[0] != U'.' &&
         std::ranges::all_of(points, [](char32_t c) { return c == ' ' || is_in(c, kBreakSigns); });
}

bool is_chapter_line(std::string_view line, bool stands_alone) {
  if (line.size() > kLongestHeading * 4) return false;
  const std::string trimmed = clean_line(line);
  const std::vector<char32_t> points = code_points(trimmed);
  if (points.empty() || points.size() > kLongestHeading || ends_like_a_sentence(trimmed)) return false;
  const std::string folded = fold(trimmed);
  if (is_korean_heading(trimmed, points)) return true;
  return stands_alone && (is_english_heading(folded) || is_bare_number(folded));
}

std::vector<BookChapter> chapters_of(const std::vector<BookBlock>& blocks) {
  ChapterMaker maker;
  for (const BookBlock& block : blocks) maker.add(block);
  return maker.finish();
}

}  // namespace banchu

// First data for somebody who has no days yet: a table of questions and answers, or a folder of plain texts, becomes
// lessons. Each is handed out as it is read, so that a million rows take no more memory than ten.
//
// What is left out is counted and named with its reason. Two lessons are the same when question and answer are, letter
// by letter in Unicode NFC; up to four million lessons are remembered for that.
// Threads: one call. Memory: one row or one text, and 8 to 16 bytes a lesson. Errors: NotFound, InvalidArgument (one
// column, columns that nobody can tell apart, a quote that is never closed), Cancelled, and what the sink answers.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

inline constexpr std::size_t kLongestLesson_characters = 4000;  // of either side: a night leaves out what is longer
inline constexpr std::size_t kMostNamed = 10;                   // rows or files that are named for one reason

struct FirstLesson {
  std::string where;  // "row 3", "notes/a.txt, passage 2"
  std::string question;
  std::string answer;
};

enum class SkipReason { empty, too_long, duplicate, encoding, columns };
inline constexpr std::array<SkipReason, 5> kSkipReasons = {
    SkipReason::empty, SkipReason::too_long, SkipReason::duplicate, SkipReason::encoding, SkipReason::columns};
const char* name_of(SkipReason reason);

struct Skipped {
  std::uint64_t count = 0;
  std::vector<std::string> where;  // the first few
};

struct FirstData {
  std::string format;                       // "csv", "texts"
  std::string encoding;                     // "UTF-8", "CP949", "mixed"
  std::string separator;                    // of a table: ",", ";", "tab"
  bool has_header = false;                  // of a table
  std::uint64_t rows = 0;                   // or texts
  std::uint64_t lessons = 0;                // handed out
  std::array<Skipped, 5> skipped;           // by SkipReason
  std::vector<std::string> other_encoding;  // "row 7 is CP949": those that differ from most
  Skipped& left_out(SkipReason reason) { return skipped[static_cast<std::size_t>(reason)]; }
  const Skipped& left_out(SkipReason reason) const { return skipped[static_cast<std::size_t>(reason)]; }
};

using LessonSink = std::function<Status(const FirstLesson&)>;

// A table with a column of questions and one of answers: named so in its first row (English or Korean), else the only
// two there are.
Result<FirstData> read_question_table(const std::filesystem::path& path, const LessonSink& sink,
                                      const CancelFlag* cancel);

// Every .txt and .md below `folder`, in the order of their names. A text is cut into passages of up to 1200 characters
// at paragraphs, else at sentences; each is the answer to being asked to go on after the one before it.
Result<FirstData> read_text_folder(const std::filesystem::path& folder, const LessonSink& sink,
                                   const CancelFlag* cancel);

}  // namespace banchu

// A table of questions and answers. Dear reader, three things are guessed here, and each guess is told in the preview:
// the separator (csv.h), which columns are meant, and the encoding. The encoding is asked of every row by itself,
// because tables are pasted together from many: a row that is UTF-8 is read so, one that is not may be CP949. In a file
// that is CP949 on the whole, a short row can look like UTF-8 by accident; there it must show Hangul to be believed.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "exchange/csv.h"
#include "exchange/first_data.h"
#include "exchange/lesson_gate.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 12> kQuestionNames = {
    "question", "questions", "q", "prompt", "instruction", "user", "질문", "물음", "질의", "문의", "문제", "q."};
constexpr std::array<std::string_view, 15> kAnswerNames = {"answer", "answers",    "a",         "reply", "response",
                                                           "output", "completion", "assistant", "답변",  "답",
                                                           "대답",   "응답",       "정답",      "회신",  "a."};

struct Columns {
  std::size_t question = 0;
  std::size_t answer = 1;
  bool has_header = false;
};

template <std::size_t N>
std::optional<std::size_t> column_named(const std::vector<std::string>& header,
                                        const std::array<std::string_view, N>& names) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (std::find(names.begin(), names.end(), fold(header[i])) != names.end()) return i;
  }
  return std::nullopt;
}

Result<Columns> columns_of(const std::vector<std::string>& first, const std::string& name) {
  if (first.size() < 2)
    return make_error(Code::InvalidArgument, fmt::format("{} has one column; questions and answers need two", name),
                      "a row is: question,answer  (separated by a comma, a semicolon or a tab)");
  const auto question = column_named(first, kQuestionNames);
  const auto answer = column_named(first, kAnswerNames);
  if (question && answer) return Columns{*question, *answer, true};
  if (first.size() == 2 && question) return Columns{*question, 1 - *question, true};
  if (first.size() == 2 && answer) return Columns{1 - *answer, *answer, true};
  if (first.size() == 2) return Columns{};
  return make_error(
      Code::InvalidArgument,
      fmt::format("{} has {} columns, and none says that it holds the questions or the answers", name, first.size()),
      "call them question and answer (or 질문 and 답변) in the first row");
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

bool shows_hangul(std::string_view utf8) {
  const std::vector<char32_t> points = code_points(utf8);
  return std::any_of(points.begin(), points.end(), is_hangul);
}

// Rows in each encoding, and the first of them by name.
class RowEncodings {
 public:
  explicit RowEncodings(const std::string& sample)
      : is_korean_file_(!is_valid_utf8(sample) && from_cp949(sample).has_value()) {}

  // Every field in UTF-8; false when the row is in neither encoding.
  bool decode(CsvRecord& record) {
    std::string all;
    for (const std::string& field : record.fields) all += field + '\n';
    if (all.find('\0') != std::string::npos) return false;
    if (is_ascii(all)) return true;
    const bool is_utf8 = is_valid_utf8(all);
    const auto korean = is_utf8 && !is_korean_file_ ? std::nullopt : from_cp949(all);
    if (is_utf8 && (!korean || shows_hangul(all))) return note(utf8_, record.row);
    if (!korean) return false;
    for (std::string& field : record.fields) field = from_cp949(field).value_or("");
    return note(cp949_, record.row);
  }
  void tell(FirstData& data) const {
    data.encoding = cp949_.count == 0 ? "UTF-8" : utf8_.count == 0 ? "CP949" : "mixed";
    if (data.encoding != "mixed") return;
    const bool few_are_korean = cp949_.count < utf8_.count;
    for (const std::string& row : (few_are_korean ? cp949_ : utf8_).where)
      data.other_encoding.push_back(fmt::format("{} is in {}, unlike most", row, few_are_korean ? "CP949" : "UTF-8"));
  }

 private:
  static bool note(Skipped& kind, std::uint64_t row) {
    ++kind.count;
    if (kind.where.size() < kMostNamed) kind.where.push_back(fmt::format("row {}", row));
    return true;
  }
  bool is_korean_file_;
  Skipped utf8_, cp949_;
};

Status pass_row(const CsvRecord& record, const Columns& columns, RowEncodings& encodings, LessonGate& gate) {
  const std::string where = fmt::format("row {}", record.row);
  CsvRecord row = record;
  if (row.fields.size() <= std::max(columns.question, columns.answer)) {
    gate.skip(SkipReason::columns, where);
  } else if (row.is_cut) {
    gate.skip(SkipReason::too_long, where);
  } else if (!encodings.decode(row)) {
    gate.skip(SkipReason::encoding, where);
  } else {
    return gate.pass(where, row.fields[columns.question], row.fields[columns.answer]);
  }
  return {};
}

}  // namespace

Result<FirstData> read_question_table(const std::filesystem::path& path, const LessonSink& sink,
                                      const CancelFlag* cancel) {
  BANCHU_TRY(CsvReader reader, CsvReader::open(path));
  FirstData data;
  data.format = "csv";
  data.separator = reader.separator() == '\t' ? "tab" : std::string(1, reader.separator());
  RowEncodings encodings(reader.sample());
  LessonGate gate(data, sink);
  CsvRecord record;
  BANCHU_TRY(bool is_there, reader.next(record));
  if (!is_there)
    return make_error(Code::InvalidArgument, fmt::format("there is nothing in {}", path.string()),
                      "is it the right file?");
  CsvRecord first = record;
  RowEncodings look = encodings;  // the row is counted when it is read as a lesson
  if (!look.decode(first)) first = record;
  BANCHU_TRY(const Columns columns, columns_of(first.fields, path.string()));
  data.has_header = columns.has_header;
  if (data.has_header) {
    BANCHU_TRY(is_there, reader.next(record));
  }
  while (is_there) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped while reading " + path.string());
    ++data.rows;
    BANCHU_TRY_STATUS(pass_row(record, columns, encodings, gate));
    BANCHU_TRY(is_there, reader.next(record));
  }
  encodings.tell(data);
  return data;
}

}  // namespace banchu

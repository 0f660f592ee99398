#include "exchange/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>

namespace banchu {
namespace {

constexpr std::size_t kSampleBytes = 64u << 10;
constexpr std::size_t kSampleRecords = 50;
constexpr std::array<char, 3> kSeparators = {'\t', ';', ','};  // the rarer in prose first: it wins a tie
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr int kEnd = std::char_traits<char>::eof();

std::size_t fields_in(std::string_view record, char separator) {
  std::size_t fields = 1;
  bool is_quoted = false;
  for (const char c : record) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == separator && !is_quoted) ++fields;
  }
  return fields;
}

// Records of the sample by line ends outside of quotes; which characters separate fields does not matter for that.
std::vector<std::string_view> records_of(std::string_view sample) {
  std::vector<std::string_view> records;
  std::size_t begin = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i <= sample.size() && records.size() < kSampleRecords; ++i) {
    if (i < sample.size() && sample[i] == '"') is_quoted = !is_quoted;
    if (i < sample.size() && (sample[i] != '\n' || is_quoted)) continue;
    if (i > begin) records.push_back(sample.substr(begin, i - begin));
    begin = i + 1;
  }
  return records;
}

// The share of records that have as many fields as most have; 0 where most have one.
double evenness(const std::vector<std::string_view>& records, char separator) {
  std::map<std::size_t, std::size_t> count;
  for (const std::string_view record : records) ++count[fields_in(record, separator)];
  const auto most =
      std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == count.end() || most->first < 2) return 0;
  return static_cast<double>(most->second) / static_cast<double>(records.size());
}

char likely_separator(std::string_view sample) {
  const std::vector<std::string_view> records = records_of(sample);
  char best = ',';
  double best_evenness = 0;
  for (const char separator : kSeparators) {
    const double even = evenness(records, separator);
    if (even > best_evenness) {
      best = separator;
      best_evenness = even;
    }
  }
  return best;
}

}  // namespace

Result<CsvReader> CsvReader::open(const std::filesystem::path& path) {
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) return error_from_errno("cannot read", path.string());
  CsvReader reader(std::move(file), path.string());
  BANCHU_TRY_STATUS(reader.begin());
  return Result<CsvReader>(std::move(reader));
}

Result<CsvReader> CsvReader::over(std::string text, const std::string& name) {
  CsvReader reader(std::make_unique<std::istringstream>(std::move(text)), name);
  BANCHU_TRY_STATUS(reader.begin());
  return Result<CsvReader>(std::move(reader));
}

Status CsvReader::begin() {
  sample_.resize(kSampleBytes);
  in_->read(sample_.data(), static_cast<std::streamsize>(sample_.size()));
  sample_.resize(static_cast<std::size_t>(in_->gcount()));
  if (in_->bad()) return error_from_errno("cannot read", name_);
  const bool is_all = in_->eof();
  in_->clear();
  if (sample_.starts_with("\xFF\xFE") || sample_.starts_with("\xFE\xFF") || sample_.find('\0') != std::string::npos)
    return make_error(Code::InvalidArgument, fmt::format("{} is UTF-16 or no text at all", name_),
                      "save it as \"CSV UTF-8\" and try again");
  const bool has_mark = sample_.starts_with(kByteOrderMark);
  in_->seekg(has_mark ? static_cast<std::streamoff>(kByteOrderMark.size()) : 0);
  if (has_mark) sample_.erase(0, kByteOrderMark.size());
  const std::size_t line = sample_.rfind('\n');
  if (!is_all && line != std::string::npos) sample_.resize(line);
  separator_ = likely_separator(sample_);
  return {};
}

void CsvReader::put(CsvRecord& record, char c) {
  if (++bytes_ > kMostRecordBytes) {
    record.is_cut = true;
  } else {
    record.fields.back() += c;
  }
}

// After the opening quote, up to the closing one; "" is a quote.
Status CsvReader::read_quoted(CsvRecord& record) {
  std::streambuf& in = *in_->rdbuf();
  const std::uint64_t began = row_;
  for (int c = in.sbumpc();; c = in.sbumpc()) {
    if (c == kEnd || record.is_cut)
      return make_error(Code::InvalidArgument,
                        fmt::format("{}, row {}: a quote is opened and never closed", name_, began),
                        "a quote inside a quoted cell is written twice: \"\"");
    if (c == '"' && in.sgetc() != '"') return {};
    if (c == '"') in.sbumpc();
    put(record, static_cast<char>(c));
  }
}

Status CsvReader::read_record(CsvRecord& record) {
  std::streambuf& in = *in_->rdbuf();
  record.fields.assign(1, "");
  record.is_cut = false;
  record.row = ++row_;
  bytes_ = 0;
  for (int c = in.sbumpc(); c != kEnd && c != '\n'; c = in.sbumpc()) {
    if (c == '"' && record.fields.back().empty()) {
      BANCHU_TRY_STATUS(read_quoted(record));
    } else if (c == separator_ && ++bytes_ <= kMostRecordBytes) {
      record.fields.emplace_back();
    } else if (c != '\r' || (in.sgetc() != '\n' && in.sgetc() != kEnd)) {
      put(record, static_cast<char>(c));
    }
  }
  return {};
}

Result<bool> CsvReader::next(CsvRecord& record) {
  while (in_->rdbuf()->sgetc() != kEnd) {
    BANCHU_TRY_STATUS(read_record(record));
    if (record.fields.size() > 1 || !record.fields.front().empty()) return true;
  }
  return false;
}

}  // namespace banchu

// Reads a table of separated values (RFC 4180), one record at a time, however long the file is.
//
// Bytes stay as they are: what they mean is decided record by record (first_data.h). That is safe for UTF-8 and for
// CP949, in which no second byte of a character is a quote, a separator or a line end.
// Owns: the open file. Threads: one. Memory: one record, at most 1 MB. Errors: NotFound, InvalidArgument (UTF-16, a
// quote that is never closed; names the row), FailedPrecondition.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

inline constexpr std::size_t kMostRecordBytes = 1 << 20;

struct CsvRecord {
  std::uint64_t row = 0;  // from 1, as a spreadsheet counts; empty lines are rows too
  std::vector<std::string> fields;
  bool is_cut = false;  // longer than kMostRecordBytes: the rest was passed over
};

class CsvReader {
 public:
  // Finds the separator (tab, semicolon or comma) that divides the first records most evenly.
  static Result<CsvReader> open(const std::filesystem::path& path);
  // The same over text that is there already; `name` stands in messages.
  static Result<CsvReader> over(std::string text, const std::string& name);

  // false at the end. Empty lines are passed over.
  Result<bool> next(CsvRecord& record);
  char separator() const { return separator_; }
  // The first 64 KB, up to a line end: enough to judge the encoding by.
  const std::string& sample() const { return sample_; }

 private:
  CsvReader(std::unique_ptr<std::istream> in, std::string name) : in_(std::move(in)), name_(std::move(name)) {}
  Status begin();
  Status read_record(CsvRecord& record);
  Status read_quoted(CsvRecord& record);
  void put(CsvRecord& record, char c);

  std::unique_ptr<std::istream> in_;
  std::string name_;
  std::string sample_;
  char separator_ = ',';
  std::uint64_t row_ = 0;
  std::size_t bytes_ = 0;  // of this record
};

}  // namespace banchu

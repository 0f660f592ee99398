#include "model/sse.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestLineBytes = 8u << 20;

}  // namespace

Result<bool> EventStream::push(std::string_view bytes, const DataSink& on_data) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kLongestLineBytes) return make_error(Code::InvalidArgument, "a line of the stream has no end");
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    std::string line = std::move(line_);
    line_.clear();
    if (line.ends_with('\r')) line.pop_back();
    BANCHU_TRY(const bool goes_on, take_line(line, on_data));
    if (!goes_on) return false;
  }
  return true;
}

Result<bool> EventStream::take_line(std::string_view line, const DataSink& on_data) {
  constexpr std::string_view kData = "data:";
  if (line.empty()) {
    if (!has_data_) return true;
    const std::string data = std::move(data_);
    data_.clear();
    has_data_ = false;
    return on_data(data);
  }
  if (!line.starts_with(kData)) return true;
  line.remove_prefix(kData.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (has_data_) data_ += '\n';
  data_ += line;
  has_data_ = true;
  return true;
}

}  // namespace banchu

// Private to model/: a stream of server-sent events cut into the data of its events.
//
// Pure. Line ends may be LF or CRLF, an event's data lines are joined by LF, comments and other fields are passed over.
// Source: the WHATWG HTML standard, "Server-sent events". Errors: InvalidArgument (a line without an end).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

class EventStream {
 public:
  // `on_data` gets the data of each event that is whole; false: it wants no more, and push() answers false as well.
  using DataSink = std::function<Result<bool>(const std::string& data)>;
  Result<bool> push(std::string_view bytes, const DataSink& on_data);

 private:
  Result<bool> take_line(std::string_view line, const DataSink& on_data);

  std::string line_;  // not ended yet
  std::string data_;
  bool has_data_ = false;
};

}  // namespace banchu

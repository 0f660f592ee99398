// Private to model/: the reply of an OpenAI-compatible server while it comes, chunk by chunk.
//
// Threads: one at a time. Errors: FailedPrecondition (an error inside the stream, a chunk that is none).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/remote_chat.h"
#include "model/reply_text.h"
#include "model/sse.h"

namespace banchu {

class RemoteStream {
 public:
  RemoteStream(std::string where, std::vector<std::string> stop, TextSink on_text);

  // What one read brought. False: nothing more is needed; a stop sequence has come, or the end.
  Result<bool> push(std::string_view bytes);
  // A server that does not stream answers in one piece.
  Status take_whole(const std::string& body);

  bool is_whole() const { return is_whole_; }
  bool has_begun() const { return has_begun_; }
  RemoteReply finish();  // times are the caller's but for the first text

 private:
  Result<bool> take(const std::string& data);
  Result<bool> take_choice(const Json& choice, const char* part);
  void take_usage(const Json& chunk);
  bool add_text(const std::string& text);  // false behind a stop sequence
  Error in_stream(const Json& error) const;

  std::string where_;
  ReplyText text_;
  EventStream events_;
  RemoteReply reply_;
  double began_;
  int reads_ = 0;  // that brought text
  std::size_t text_end_ = std::string::npos;
  bool has_begun_ = false;
  bool is_whole_ = false;
};

}  // namespace banchu

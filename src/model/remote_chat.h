// A model behind an OpenAI-compatible server (vLLM, llama-server, Ollama, another banchu), as a tool that speaks.
//
// The server gets the messages and the sampling table and gives text. What stays ours: where a reply stops (stop
// sequences are found here, and the connection is closed there), whether it is whole, what is kept of it. A server
// knows nothing of whole-word biases and of a self's adapters; a field that it refuses is left away and named.
//
// Owns: the server's address and key, no connection between two calls. Threads: one at a time.
// Errors: InvalidArgument (the address, the key, no model named where there are several), NotFound (no such model; says
// which there are), Busy (429, 503), NoSpace (the conversation is longer than the server's context: leave something
// out), Unsupported (no OpenAI-compatible server), FailedPrecondition (not reached, a key that is wrong, a reply that
// broke off), Cancelled. No message holds the key.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"
#include "model/remote_server.h"

namespace banchu {

struct RemoteServer {
  std::string url;    // http://127.0.0.1:8080/v1; without a path /v1 is meant
  std::string model;  // the server's name for it; "" where it has only one
  std::string key;    // sent as a bearer token; "" for none
  int connect_seconds = 10;
  int answer_seconds = 600;  // without a single byte
};

struct RemoteReply {
  std::string text;  // without the stop sequence; valid UTF-8
  StopReason stop_reason = StopReason::end_of_turn;
  std::uint32_t prompt_tokens = 0;  // the numbers of tokens are the server's word, 0 where it says none
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;
  double prompt_seconds = 0;  // until the first text came; 0 where the reply came in one piece
  double generation_seconds = 0;
};

class RemoteChat {
 public:
  // Asks the server which models it has.
  static Result<std::unique_ptr<RemoteChat>> open(const RemoteServer& server, const CancelFlag* cancel);

  // `on_text` as in Session::complete. After an error, what it got is no reply.
  Result<RemoteReply> reply(std::span<const Message> messages, const SamplingOptions& sampling, std::uint64_t seed,
                            const TextSink& on_text, const CancelFlag* cancel);

  const std::string& model() const { return model_; }
  const std::string& where() const { return where_; }  // http://127.0.0.1:8080/v1, for people
  // Fields of the sampling table that the server would not take, so far.
  const std::vector<std::string>& refused() const { return refused_; }

 private:
  RemoteChat() = default;
  HttpRequest request_to(const std::string& door) const;
  Result<std::vector<std::string>> models(const CancelFlag* cancel) const;
  Status choose_model(const std::string& wanted, const CancelFlag* cancel);
  Error no_such_model(const std::string& name, const std::vector<std::string>& there) const;
  std::string body_for(std::span<const Message> messages, const SamplingOptions& sampling, std::uint64_t seed) const;
  bool refuses_a_field(const HttpAnswer& answer);
  Error refused_reply(const HttpAnswer& answer, const CancelFlag* cancel) const;

  std::string where_;
  std::string model_;
  std::vector<std::pair<std::string, std::string>> headers_;
  int connect_seconds_ = 10;
  int answer_seconds_ = 600;
  std::vector<std::string> refused_;
};

}  // namespace banchu

// The door of serve: the companion behind OpenAI's and Ollama's HTTP APIs.
//
// Owns: the port, the contexts. Threads: run() is called once and returns after stop(), which may be called from any
// thread (not from a signal handler). Errors: FailedPrecondition (an address beyond this machine without keys, a port
// that is taken), and the model's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/turn.h"
#include "model/model.h"
#include "serve/guard.h"
#include "serve/speech.h"

namespace banchu {

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 11500;  // 0: any free one
  std::string name = "banchu";
  std::vector<std::string> aliases;
  SpeechOptions speech;
  SamplingOptions sampling;
  std::vector<Key> keys;
  std::string version;
};

class Server {
 public:
  // `keep` writes a growth turn to disk before its reply is done; empty: sandbox only.
  static Result<std::unique_ptr<Server>> open(std::shared_ptr<Model> model, const ServeOptions& options,
                                              VoiceSource voice, TurnSink keep);
  virtual ~Server() = default;
  virtual int port() const = 0;
  // "GET /v1/models", ...: all there is.
  virtual std::vector<std::string> routes() const = 0;
  virtual void run() = 0;
  virtual void stop() = 0;
};

}  // namespace banchu

// The door of serve: the companion behind OpenAI's and Ollama's HTTP APIs.
//
// Owns: the port, the contexts. Threads: run() is called once and returns after stop(), which may be called from any
// thread (not from a signal handler). Errors: FailedPrecondition (an address beyond this machine without keys, a port
// that is taken), and the model's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/turn.h"
#include "model/model.h"
#include "serve/guard.h"
#include "serve/life.h"
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

// What the server needs of the rooms it does not know. Called from many threads.
struct Household {
  VoiceSource voice;
  TurnSink keep;  // a growth turn, on disk before its reply is done; empty: nothing can be kept
  std::function<Result<Json>()> selves;
  std::function<Result<Json>(const std::string& id)> wake;  // and answers that self
  std::function<Result<Json>()> rollback;
  std::shared_ptr<Life> life;  // may be null
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> open(std::shared_ptr<Model> model, const ServeOptions& options,
                                              Household house);
  virtual ~Server() = default;
  virtual int port() const = 0;
  virtual SpeechFigures figures() const = 0;  // who is spoken to, and how much was said
  // "GET /v1/models", ...: all there is.
  virtual std::vector<std::string> routes() const = 0;
  virtual void run() = 0;
  virtual void stop() = 0;
};

}  // namespace banchu

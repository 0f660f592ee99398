// Servers that the user names: their keys, the chat behind them, and a self that is brought to them.
//
// A key comes from a file or from the environment, never from the command line (every user of a machine can read that),
// and is never shown. Errors: those of model/remote_chat.h, exchange/push.h and read_file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/context.h"
#include "bag/bag.h"
#include "model/remote_chat.h"
#include "promote/promote.h"

namespace banchu {

// From `file`; where none is named, from $BANCHU_VIA_KEY; "" where neither is.
Result<std::string> server_key(const std::string& file);

// --via: the server's model is the one that --model names.
Result<std::unique_ptr<RemoteChat>> open_remote_chat(const AppContext& context, const std::string& url,
                                                     const std::string& key_file);

struct PushFlags {
  std::string url;  // "": nothing is pushed
  std::string key_file;
  std::string folder;  // where a vLLM finds the adapter; "": exports/<name> in the bag
};

struct Pushed {
  std::string kind;  // "vLLM", "Ollama"
  std::string url;   // for chat --via
  std::string name;  // what the server calls it
  bool was_there = false;
};

// The adapters of `self`, as one, to the server at flags.url, as "banchu-<id>".
Result<Pushed> push_self(const AppContext& context, const Bag& bag, const Self& self, const PushFlags& flags);
Json pushed_to_json(const Pushed& pushed);
void tell_pushed(const AppContext& context, const Pushed& pushed);

}  // namespace banchu

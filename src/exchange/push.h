// An adapter brought to a server that speaks with it: a vLLM, which loads PEFT folders, or an Ollama, which makes a
// model of a GGUF file and a GGUF adapter.
//
// Only the server that was named is spoken to. Ollama gets the very file that the adapter grew on (by its SHA-256; it
// is sent when it is not there yet), so the adapter cannot land on another base. vLLM loads the folder from its own
// disk, on a base that only its owner knows; a name is never loaded twice, for vLLM would answer from the older one's
// cache. Threads: one call at a time. Errors: those of model/remote_server.h; Unsupported (a server that takes no
// adapters; a vLLM that was not told to), FailedPrecondition (refused; says why), Cancelled.
#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

enum class AdapterServerKind { vllm, ollama };
const char* name_of(AdapterServerKind kind);

struct AdapterServer {
  AdapterServerKind kind = AdapterServerKind::vllm;
  std::string origin;  // http://127.0.0.1:8000
  std::string key;     // "" for none
};
// What answers at `url` (with or without /v1).
Result<AdapterServer> find_adapter_server(const std::string& url, const std::string& key, const CancelFlag* cancel);

// `folder` as the server sees it. False: an adapter of this name was there already.
Result<bool> push_to_vllm(const AdapterServer& server, const std::string& name, const std::filesystem::path& folder,
                          const CancelFlag* cancel);

struct OllamaPush {
  std::string name;
  std::filesystem::path base;  // a GGUF model
  std::string base_digest;
  std::filesystem::path adapter;  // a GGUF adapter
};
// A model of this name that is there already is replaced.
Status push_to_ollama(const AdapterServer& server, const OllamaPush& push, const ProgressSink& progress,
                      const CancelFlag* cancel);

}  // namespace banchu

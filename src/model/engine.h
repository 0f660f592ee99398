// Private to model/: the engine's start, its log, and handles that free themselves.
//
// Threads: start_engine() may be called by any thread, any number of times.
#pragma once

#include <memory>

#include "llama.h"

namespace banchu {

// Once per process: starts the backends and sends the engine's log nowhere, or to base's log with BANCHU_LOG=debug.
void start_engine();
// Sends the log there again, after somebody has listened to it.
void send_engine_log_home();

struct EngineDeleter {
  void operator()(llama_model* model) const { llama_model_free(model); }
  void operator()(llama_context* context) const { llama_free(context); }
  void operator()(llama_adapter_lora* adapter) const { llama_adapter_lora_free(adapter); }
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using LlamaModelHandle = std::unique_ptr<llama_model, EngineDeleter>;
using LlamaContextHandle = std::unique_ptr<llama_context, EngineDeleter>;
using LlamaAdapterHandle = std::unique_ptr<llama_adapter_lora, EngineDeleter>;
using LlamaSamplerHandle = std::unique_ptr<llama_sampler, EngineDeleter>;

}  // namespace banchu

// What a model file is and what can be done with it here: kept apart from the verbs, for `inspect` and `pull` say it.
//
// Errors: those of reading the file. What cannot be done with it is an answer, not an error.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "app/context.h"
#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu {

struct ModelFacts {
  std::filesystem::path path;
  ModelInfo info;                            // bytes and parameters of all parts
  std::map<std::string, std::size_t> types;  // how many tensors of which type
  std::size_t parts = 1;                     // files that it is split into
  std::string chat_template;                 // "chatml", "llama3", ..., "other", "none"
  Status can_talk;                           // whether the engine knows it
  Status can_train;                          // whether the trainer does
  std::uint64_t memory_bytes = 0;            // free on this machine
  std::optional<std::uint64_t> talk_bytes;   // with 4096 tokens in sight
  std::optional<std::uint64_t> night_bytes;  // at least, rank 16, 2 rows of 512 tokens

  bool talks_here() const { return can_talk && talk_bytes && *talk_bytes <= memory_bytes; }
  bool grows_here() const { return talks_here() && can_train && night_bytes && *night_bytes <= memory_bytes; }
};

Result<ModelFacts> model_facts(const std::filesystem::path& path);
// In two sentences of the user's language: whether it talks and whether it grows, and why not.
std::string talk_line(const AppContext& context, const ModelFacts& facts);
std::string grow_line(const AppContext& context, const ModelFacts& facts);

// The name of a chat template by the marks it writes.
std::string template_name(const std::string& source);

}  // namespace banchu

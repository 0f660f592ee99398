// Where a model file is to come from, as the user names it, and under which names its parts will lie here.
//
//   https://host/path/file.gguf             any web server
//   hf:owner/repository/file.gguf           a model hub; hf:owner/repository@revision/folder/file.gguf
//   ollama:name, ollama:name:tag            an Ollama store on this machine
//   anything else                           a file
// A name that ends in -00001-of-00003.gguf stands for all three parts.
// Pure, but for a look into the Ollama store. Errors: InvalidArgument (a name that cannot be), NotFound (no such file,
// no such model in the store).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

struct SourcePart {
  std::string name;            // of the file here, "model.gguf"
  std::string from;            // a web address, or a path
  std::string known_as;        // what its digest is pinned under: the address without what follows a '?'
  std::string digest;          // that the source itself names; "" for none
  bool may_be_linked = false;  // nobody will ever write into that file: a hard link is as good as a copy
};

struct ModelSource {
  enum class Kind { web, file, ollama };
  Kind kind = Kind::file;
  bool is_hub = false;
  std::vector<SourcePart> parts;
};

// `as`: another name for the file here, "" for its own. `hub`: the hub's address, "https://huggingface.co".
Result<ModelSource> read_model_source(const std::string& text, const std::string& as, const std::string& hub);

// "model-00001-of-00003.gguf" -> the names of all three; {name} where it is no such name. InvalidArgument where the
// numbers are nonsense.
Result<std::vector<std::string>> names_of_parts(const std::string& name);

// The model of an Ollama store (its folder `models`), by "name", "name:tag" or "owner/name:tag".
Result<SourcePart> find_in_ollama(const std::filesystem::path& store, const std::string& name);
// $OLLAMA_MODELS, else ~/.ollama/models, else where the system's service keeps them.
std::filesystem::path ollama_store();

// 64 lower-case hexadecimal digits.
bool is_sha256(const std::string& text);

}  // namespace banchu

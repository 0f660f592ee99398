// An Ollama store: manifests/HOST/OWNER/NAME/TAG is JSON that names layers; the layer of the model is the file
// blobs/sha256-DIGEST, whose name is its SHA-256 and which Ollama never writes into again.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "model/model_source.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMostManifestBytes = 1 << 20;
constexpr std::string_view kModelLayer = "application/vnd.ollama.image.model";
constexpr std::string_view kDigestPrefix = "sha256:";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_plain(const std::string& name) {
  return !name.empty() && !name.starts_with('.') && std::all_of(name.begin(), name.end(), is_name_character);
}

struct OllamaName {
  std::vector<std::string> folders;  // host, owner, name
  std::string tag = "latest";
};

Result<OllamaName> read_name(const std::string& text) {
  OllamaName name;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos) name.tag = text.substr(colon + 1);
  std::string rest = text.substr(0, colon);
  for (std::size_t at = 0; at <= rest.size();) {
    const std::size_t end = std::min(rest.find('/', at), rest.size());
    name.folders.push_back(rest.substr(at, end - at));
    at = end + 1;
  }
  if (name.folders.size() == 1) name.folders.insert(name.folders.begin(), "library");
  if (name.folders.size() == 2) name.folders.insert(name.folders.begin(), "registry.ollama.ai");
  const bool is_good =
      name.folders.size() == 3 && is_plain(name.tag) && std::all_of(name.folders.begin(), name.folders.end(), is_plain);
  if (is_good) return name;
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no name of an Ollama model", shorten(text, 80)),
                    "write it like ollama:name or ollama:name:tag");
}

// The digest of the layer that holds the model.
Result<std::string> digest_in(const fs::path& manifest) {
  BANCHU_TRY(const std::string text, read_file(manifest, kMostManifestBytes));
  BANCHU_TRY(const Json json, parse_json(text, manifest.string()));
  const Json layers = json.is_object() ? json.value("layers", Json::array()) : Json::array();
  for (const Json& layer : layers) {
    if (!layer.is_object() || string_at(layer, "mediaType") != kModelLayer) continue;
    const std::string digest = string_at(layer, "digest");
    if (digest.starts_with(kDigestPrefix) && is_sha256(digest.substr(kDigestPrefix.size())))
      return digest.substr(kDigestPrefix.size());
  }
  return make_error(Code::Corruption, fmt::format("{} names no model file", manifest.string()),
                    "let Ollama pull the model again");
}

}  // namespace

fs::path ollama_store() {
  if (const char* models = std::getenv("OLLAMA_MODELS"); models != nullptr && *models != '\0') return models;
  const char* home = std::getenv("HOME");
  const fs::path own = fs::path(home == nullptr ? "" : home) / ".ollama" / "models";
  const fs::path shared = "/usr/share/ollama/.ollama/models";
  std::error_code failure;
  return !fs::exists(own, failure) && fs::exists(shared, failure) ? shared : own;
}

Result<SourcePart> find_in_ollama(const fs::path& store, const std::string& text) {
  BANCHU_TRY(const OllamaName name, read_name(text));
  const std::string& model = name.folders.back();
  const fs::path manifest = store / "manifests" / name.folders[0] / name.folders[1] / model / name.tag;
  std::error_code failure;
  if (!fs::is_regular_file(manifest, failure))
    return make_error(Code::NotFound, fmt::format("{} holds no model {}:{}", store.string(), model, name.tag),
                      "`ollama list` shows what is there; $OLLAMA_MODELS says where the store lies");
  BANCHU_TRY(const std::string digest, digest_in(manifest));
  const fs::path blob = store / "blobs" / ("sha256-" + digest);
  if (!fs::is_regular_file(blob, failure))
    return make_error(Code::NotFound, fmt::format("{} is not there", blob.string()), "let Ollama pull the model again");
  const std::string file = fmt::format("{}-{}.gguf", model, name.tag);
  return SourcePart{file, blob.string(), fmt::format("ollama:{}:{}", model, name.tag), digest, true};
}

}  // namespace banchu

// What a model file says about itself, read without loading it.
#include <algorithm>

#include "ggml.h"
#include "model/gguf_file.h"
#include "model/model_check.h"

namespace banchu {
namespace {

std::uint32_t small_number(const GgufFile& file, const std::string& key) {
  const auto value = file.integer(key);
  return value && *value > 0 && *value <= INT32_MAX ? static_cast<std::uint32_t>(*value) : 0;
}

std::string most_common_type(const GgufFile& file) {
  std::map<std::uint32_t, std::uint64_t> count;
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.ne.size() == 2) ++count[tensor.type];
  }
  const auto most =
      std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == count.end() ? "" : tensor_type_name(most->first);
}

std::uint32_t vocabulary_size(const GgufFile& file) {
  const GgufFile::Value* tokens = file.find("tokenizer.ggml.tokens");
  const auto* list = tokens == nullptr ? nullptr : std::get_if<std::vector<std::string>>(tokens);
  return list == nullptr ? 0 : static_cast<std::uint32_t>(list->size());
}

bool is_repacked(const GgufTensor& tensor) {
  const bool known = tensor.type == GGML_TYPE_Q4_0 || tensor.type == GGML_TYPE_Q4_K || tensor.type == GGML_TYPE_IQ4_NL;
  const bool in_eights = tensor.ne.size() == 2 && tensor.ne[1] % 8 == 0;
  return known && in_eights && tensor.name != "token_embd.weight";
}

}  // namespace

std::string tensor_type_name(std::uint32_t type) {
  std::string name = ggml_get_type_traits(static_cast<ggml_type>(type))->type_name;
  if (name == "f32" || name == "f16" || name == "bf16" || name.starts_with('q') || name.starts_with("iq")) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  }
  return name;
}

Result<ModelInfo> model_info(const GgufFile& file) {
  ModelInfo info;
  info.architecture = file.text("general.architecture").value_or("");
  if (info.architecture.empty()) {
    return make_error(Code::Corruption, file.path().string() + " does not say its architecture",
                      "a model file needs general.architecture");
  }
  const std::string prefix = info.architecture + ".";
  info.name = file.text("general.name").value_or("");
  info.license = file.text("general.license").value_or("");
  info.quantisation = most_common_type(file);
  info.bytes = file.file_bytes();
  for (const GgufTensor& tensor : file.tensors()) {
    info.parameters += tensor.elements();
    if (is_repacked(tensor)) info.repacked_bytes += tensor.bytes;
  }
  info.n_vocab = vocabulary_size(file);
  info.n_embd = small_number(file, prefix + "embedding_length");
  info.n_layer = small_number(file, prefix + "block_count");
  info.n_head = small_number(file, prefix + "attention.head_count");
  info.n_head_kv = small_number(file, prefix + "attention.head_count_kv");
  if (info.n_head_kv == 0) info.n_head_kv = info.n_head;
  info.context_tokens = small_number(file, prefix + "context_length");
  info.has_chat_template = !file.text("tokenizer.chat_template").value_or("").empty();
  return info;
}

}  // namespace banchu

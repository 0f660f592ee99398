#include <fmt/format.h>

#include <array>
#include <cstring>
#include <unordered_set>

#include "model/loaded_model.h"
#include "model/model_check.h"
#include "model/model_digest.h"
#include "model/model_memory.h"

namespace banchu {
namespace {

// SentencePiece vocabularies ask for a space before text unless they say otherwise.
bool wants_space_prefix(const GgufFile& file) {
  if (const auto* value = file.find("tokenizer.ggml.add_space_prefix")) {
    const bool* flag = std::get_if<bool>(value);
    return flag != nullptr && *flag;
  }
  return file.text("tokenizer.ggml.model").value_or("") == "llama";
}

// The engine shall not put that space itself: a chat is tokenised in parts, and only some of them begin a text.
std::array<llama_model_kv_override, 2> without_space_prefix() {
  std::array<llama_model_kv_override, 2> overrides{};
  overrides[0].tag = LLAMA_KV_OVERRIDE_TYPE_BOOL;
  std::strncpy(overrides[0].key, "tokenizer.ggml.add_space_prefix", sizeof(overrides[0].key) - 1);
  overrides[0].val_bool = false;
  return overrides;  // the second, empty one ends the list
}

// The engine ends the process over two tokens of one text, so such a file must not reach it.
Status check_vocabulary(const GgufFile& file) {
  const GgufFile::Value* value = file.find("tokenizer.ggml.tokens");
  const auto* tokens = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
  if (tokens == nullptr) return {};
  std::unordered_set<std::string> seen;
  seen.reserve(tokens->size());
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const std::string token = (*tokens)[i].c_str();  // the engine reads up to the first zero byte
    if (seen.insert(token.empty() ? fmt::format("[EMPTY_{}]", i) : token).second) continue;  // the engine's own name
    return make_error(
        Code::Corruption,
        fmt::format("{} is broken: token {} of its vocabulary stands there twice", file.path().string(), i),
        "download or write the file again");
  }
  return {};
}

}  // namespace

Status LoadedModel::read_weights(const ModelOptions& options, bool vocabulary_only) {
  start_engine();
  const auto overrides = without_space_prefix();
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  params.vocab_only = vocabulary_only;
  if (wants_space_prefix(*file_)) params.kv_overrides = overrides.data();
  try {
    handle_.reset(llama_model_load_from_file(path().c_str(), params));
  } catch (const std::exception&) {
    handle_.reset();
  }
  if (handle_ != nullptr && llama_vocab_n_tokens(llama_model_get_vocab(handle_.get())) > 0) return {};
  return make_error(Code::Unsupported,
                    path().string() + " cannot be loaded: the engine does not know its architecture (" +
                        info_.architecture + "), its tokenizer or its tensors",
                    "BANCHU_LOG=debug shows what the engine says; try another model file");
}

Status LoadedModel::read_header(const std::filesystem::path& path) {
  BANCHU_TRY(file_, GgufFile::open(path));
  if (file_->text("general.type").value_or("model") == "adapter") {
    return make_error(Code::InvalidArgument, path.string() + " is an adapter, not a model",
                      "give the base model's file; the adapter belongs to a self");
  }
  BANCHU_TRY(info_, model_info(*file_));
  return check_vocabulary(*file_);
}

Status LoadedModel::check(const std::filesystem::path& path) {
  LoadedModel model;
  BANCHU_TRY_STATUS(model.read_header(path));
  return model.read_weights({}, true);
}

Result<std::shared_ptr<Model>> LoadedModel::load(const std::filesystem::path& path, const ModelOptions& options) {
  const std::shared_ptr<LoadedModel> model(new LoadedModel());
  BANCHU_TRY_STATUS(model->read_header(path));
  const GgufFile& file = *model->file_;
  BANCHU_TRY_STATUS(check_memory(file, model->info_, options.memory_limit_bytes));
  BANCHU_TRY_STATUS(model->read_weights(options));
  BANCHU_TRY(model->digest_, model_digest(path));
  const llama_vocab* vocab = llama_model_get_vocab(model->handle_.get());
  model->info_.n_vocab = static_cast<std::uint32_t>(llama_vocab_n_tokens(vocab));
  model->tokenizer_ = std::make_unique<LlamaTokenizer>(vocab, wants_space_prefix(file));
  const std::string source = file.text("tokenizer.chat_template").value_or("");
  BANCHU_TRY(model->chat_template_, ModelChatTemplate::create(source, *model->tokenizer_));
  return std::shared_ptr<Model>(model);
}

Result<std::shared_ptr<Model>> Model::load(const std::filesystem::path& path, const ModelOptions& options) {
  return LoadedModel::load(path, options);
}

Status check_model(const std::filesystem::path& path) { return LoadedModel::check(path); }

}  // namespace banchu

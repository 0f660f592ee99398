// Private to model/: the Model that sessions inside this room work with.
//
// Owns: the weights, the file's map, tokenizer and template. Threads: constant after load, but adapters register
// themselves with the engine's model: load and free them under adapter_mutex().
#pragma once

#include <memory>
#include <mutex>

#include "model/chat_template.h"
#include "model/engine.h"
#include "model/model.h"
#include "model/tokenizer.h"

namespace banchu {

class LoadedModel final : public Model {
 public:
  static Result<std::shared_ptr<Model>> load(const std::filesystem::path& path, const ModelOptions& options);
  static Status check(const std::filesystem::path& path);

  const ModelInfo& info() const override { return info_; }
  const std::string& digest() const override { return digest_; }
  const std::filesystem::path& path() const override { return file_->path(); }
  const LlamaTokenizer& tokenizer() const override { return *tokenizer_; }
  const ChatTemplate& chat_template() const override { return *chat_template_; }

  llama_model* handle() const { return handle_.get(); }
  const GgufFile& file() const { return *file_; }
  std::mutex& adapter_mutex() const { return adapter_mutex_; }

 private:
  LoadedModel() = default;
  Status read_header(const std::filesystem::path& path);
  Status read_weights(const ModelOptions& options, bool vocabulary_only = false);

  std::shared_ptr<const GgufFile> file_;
  ModelInfo info_;
  std::string digest_;
  LlamaModelHandle handle_;
  std::unique_ptr<LlamaTokenizer> tokenizer_;
  std::unique_ptr<ModelChatTemplate> chat_template_;
  mutable std::mutex adapter_mutex_;
};

}  // namespace banchu

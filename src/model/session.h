// Private to model/: the Session that runs on this machine.
//
// Owns: a context, the adapters it loaded, the tables of watched words. Threads: one at a time.
#pragma once

#include "model/crowd.h"
#include "model/decoder.h"
#include "model/word_tables.h"

namespace banchu {

class LocalSession final : public Session {
 public:
  LocalSession(std::shared_ptr<const LoadedModel> model, std::unique_ptr<Decoder> decoder);
  ~LocalSession() override;

  Status set_adapters(std::span<const AdapterUse> adapters) override;
  Result<Completion> complete(const CompletionRequest& request, const TextSink& on_text,
                              const CancelFlag* cancel) override;
  Result<std::vector<Completion>> complete_all(std::span<const CompletionRequest> requests,
                                               const std::function<void(std::size_t)>& on_done,
                                               const CancelFlag* cancel) override;
  Result<std::vector<Score>> score(std::span<const ScoreRequest> requests, int top_k,
                                   const std::function<void(std::size_t)>& on_done, const CancelFlag* cancel) override;
  const Model& model() const override { return *model_; }
  std::uint64_t generated_tokens() const override { return generated_tokens_; }
  std::unique_ptr<Crowd> crowd();

 private:
  struct LoadedAdapter {
    AdapterUse use;
    LlamaAdapterHandle handle;
  };
  Result<LlamaAdapterHandle> load_adapter(const AdapterUse& use) const;
  bool same_adapters(std::span<const AdapterUse> adapters) const;
  void drop_adapters();

  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<LoadedAdapter> adapters_;
  WordTables tables_;
  std::uint64_t generated_tokens_ = 0;
};

}  // namespace banchu

#include "model/session.h"

#include "model/adapter_check.h"
#include "model/batch_replies.h"
#include "model/scorer.h"

namespace banchu {

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<Model> model, const SessionOptions& options) {
  const auto loaded = std::dynamic_pointer_cast<const LoadedModel>(model);
  BANCHU_CHECK(loaded != nullptr, "a Session needs a model from Model::load");
  BANCHU_TRY(auto decoder, Decoder::open(*loaded, options));
  return std::unique_ptr<Session>(std::make_unique<LocalSession>(loaded, std::move(decoder)));
}

std::unique_ptr<Crowd> Crowd::over(Session& session) {
  auto* local = dynamic_cast<LocalSession*>(&session);
  BANCHU_CHECK(local != nullptr, "a Crowd needs a session from Session::open");
  return local->crowd();
}

LocalSession::LocalSession(std::shared_ptr<const LoadedModel> model, std::unique_ptr<Decoder> decoder)
    : model_(std::move(model)), decoder_(std::move(decoder)), tables_(model_->tokenizer()) {}

std::unique_ptr<Crowd> LocalSession::crowd() {
  decoder_->use_threads(0);
  return std::make_unique<Places>(*model_, *decoder_, tables_, true);
}

LocalSession::~LocalSession() {
  decoder_.reset();  // the context holds pointers to the adapters
  const std::scoped_lock lock(model_->adapter_mutex());
  adapters_.clear();
}

bool LocalSession::same_adapters(std::span<const AdapterUse> adapters) const {
  return std::equal(adapters.begin(), adapters.end(), adapters_.begin(), adapters_.end(),
                    [](const AdapterUse& wanted, const LoadedAdapter& loaded) {
                      return wanted.digest == loaded.use.digest && wanted.path == loaded.use.path &&
                             wanted.scale == loaded.use.scale;
                    });
}

Result<LlamaAdapterHandle> LocalSession::load_adapter(const AdapterUse& use) const {
  BANCHU_TRY_STATUS(check_adapter(use.path, model_->file(), model_->info()));
  const std::scoped_lock lock(model_->adapter_mutex());
  LlamaAdapterHandle handle(llama_adapter_lora_init(model_->handle(), use.path.c_str()));
  if (handle != nullptr) return handle;
  return make_error(Code::Corruption, "the engine cannot load the adapter " + use.path.string(),
                    "BANCHU_LOG=debug shows what the engine says");
}

void LocalSession::drop_adapters() {
  llama_set_adapters_lora(decoder_->handle(), nullptr, 0, nullptr);
  const std::scoped_lock lock(model_->adapter_mutex());
  adapters_.clear();
}

Status LocalSession::set_adapters(std::span<const AdapterUse> adapters) {
  if (same_adapters(adapters)) return {};
  std::vector<LoadedAdapter> loaded;
  for (const AdapterUse& use : adapters) {
    BANCHU_TRY(LlamaAdapterHandle handle, load_adapter(use));
    loaded.push_back({use, std::move(handle)});
  }
  decoder_->clear();
  drop_adapters();
  adapters_ = std::move(loaded);
  std::vector<llama_adapter_lora*> handles;
  std::vector<float> scales;
  for (const LoadedAdapter& adapter : adapters_) {
    handles.push_back(adapter.handle.get());
    scales.push_back(adapter.use.scale);
  }
  llama_set_adapters_lora(decoder_->handle(), handles.data(), handles.size(), scales.data());
  return {};
}

Result<Completion> LocalSession::complete(const CompletionRequest& request, const TextSink& on_text,
                                          const CancelFlag* cancel) {
  tables_.trim();
  decoder_->use_threads(request.threads);
  SequenceReply reply(*model_, *decoder_, tables_, 0, request, on_text);
  BANCHU_TRY_STATUS(reply.start());
  while (!reply.done()) {
    if (is_cancelled(cancel)) reply.cancel();
    reply.add_to_batch();
    BANCHU_TRY_STATUS(decoder_->decode());
    reply.take_logits();
  }
  Completion completion = reply.finish();
  generated_tokens_ += completion.tokens.size();
  return completion;
}

Result<std::vector<Completion>> LocalSession::complete_all(std::span<const CompletionRequest> requests,
                                                           const std::function<void(std::size_t)>& on_done,
                                                           const CancelFlag* cancel) {
  tables_.trim();
  decoder_->use_threads(0);
  BANCHU_TRY(auto completions, batch_replies(*model_, *decoder_, tables_, requests, on_done, cancel));
  for (const Completion& completion : completions) generated_tokens_ += completion.tokens.size();
  return completions;
}

Result<std::vector<Score>> LocalSession::score(std::span<const ScoreRequest> requests, int top_k,
                                               const std::function<void(std::size_t)>& on_done,
                                               const CancelFlag* cancel) {
  decoder_->use_threads(0);
  Scorer scorer(*decoder_, model_->info().n_vocab, top_k);
  return scorer.run(requests, on_done, cancel);
}

}  // namespace banchu

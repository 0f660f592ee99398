#include "model/embedder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "model/decoder.h"
#include "model/model_memory.h"

namespace banchu {
namespace {

constexpr int kMostTokens = 512;  // all of a text is one batch, and the engine keeps a row of logits for each token

class LocalEmbedder final : public Embedder {
 public:
  LocalEmbedder(std::shared_ptr<const LoadedModel> model, LlamaContextHandle context)
      : model_(std::move(model)), context_(std::move(context)) {}

  int most_tokens() const override { return static_cast<int>(llama_n_ubatch(context_.get())); }

  Result<std::vector<float>> embed(std::span<const Token> given) override {
    if (given.empty()) return make_error(Code::InvalidArgument, "there is no text to embed");
    if (given.size() > static_cast<std::size_t>(most_tokens())) {
      return make_error(Code::InvalidArgument,
                        fmt::format("the text has {} tokens; {} can be embedded", given.size(), most_tokens()),
                        "embed it in parts");
    }
    std::vector<Token> tokens(given.begin(), given.end());
    const std::scoped_lock one_after_the_other(mutex_);
    const std::scoped_lock no_adapter_meanwhile(model_->adapter_mutex());
    llama_memory_clear(llama_get_memory(context_.get()), false);
    int outcome = -1;
    try {
      outcome = llama_decode(context_.get(), llama_batch_get_one(tokens.data(), static_cast<int>(tokens.size())));
    } catch (const std::exception&) {
    }
    const float* row = outcome == 0 ? llama_get_embeddings_seq(context_.get(), 0) : nullptr;
    if (row == nullptr) return make_error(Code::Internal, "the engine could not embed a text");
    return of_length_one({row, static_cast<std::size_t>(llama_model_n_embd_out(model_->handle()))});
  }

 private:
  static std::vector<float> of_length_one(std::span<const float> row) {
    double squares = 0;
    for (const float x : row) squares += static_cast<double>(x) * static_cast<double>(x);
    const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 0);
    std::vector<float> vector(row.begin(), row.end());
    for (float& x : vector) x *= scale;
    return vector;
  }

  std::shared_ptr<const LoadedModel> model_;
  LlamaContextHandle context_;
  std::mutex mutex_;
};

LlamaContextHandle open_context(const LoadedModel& model, int threads, enum llama_pooling_type pooling) {
  const int trained = llama_model_n_ctx_train(model.handle());
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(trained > 0 ? std::min(kMostTokens, trained) : kMostTokens);
  params.n_batch = params.n_ubatch = params.n_ctx;
  params.n_seq_max = 1;
  params.n_threads = params.n_threads_batch = threads > 0 ? threads : usable_threads();
  params.embeddings = true;
  params.pooling_type = pooling;
  params.no_perf = true;
  const std::uint64_t needed =
      kv_cache_bytes(model.file(), model.info(), params.n_ctx) + std::uint64_t{4} * params.n_ctx * model.info().n_vocab;
  const std::uint64_t there = memory_available_bytes();
  if (there != 0 && needed >= there) return nullptr;
  try {
    return LlamaContextHandle(llama_init_from_model(model.handle(), params));
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

Result<std::unique_ptr<Embedder>> Embedder::open(std::shared_ptr<Model> model, int threads) {
  auto loaded = std::dynamic_pointer_cast<const LoadedModel>(model);
  BANCHU_CHECK(loaded != nullptr, "an Embedder needs a model from Model::load");
  LlamaContextHandle context = open_context(*loaded, threads, LLAMA_POOLING_TYPE_UNSPECIFIED);
  if (context != nullptr && llama_pooling_type(context.get()) == LLAMA_POOLING_TYPE_NONE) {
    context.reset();
    context = open_context(*loaded, threads, LLAMA_POOLING_TYPE_MEAN);
  }
  if (context == nullptr) {
    return make_error(Code::NoSpace, "there is no memory for a context that embeds texts",
                      "ask for fewer context tokens or fewer conversations at once");
  }
  if (llama_pooling_type(context.get()) == LLAMA_POOLING_TYPE_RANK) {
    return make_error(Code::Unsupported, "this model ranks texts; it does not embed them");
  }
  return std::unique_ptr<Embedder>(std::make_unique<LocalEmbedder>(std::move(loaded), std::move(context)));
}

}  // namespace banchu

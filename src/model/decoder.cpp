#include "model/decoder.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "model/model_memory.h"

namespace banchu {
namespace {

constexpr int kBatchTokens = 512;
constexpr int kLogitBytesAtOnce = 64 << 20;
constexpr int kRowsAtOnce = 256;
constexpr int kMaxSequences = 64;

llama_context_params context_params(const LoadedModel& model, const SessionOptions& options) {
  const int trained = llama_model_n_ctx_train(model.handle());
  const int wanted = std::max(options.context_tokens, 16);
  const int sequences = std::clamp(options.sequences, 1, kMaxSequences);
  const int threads = options.threads > 0 ? options.threads : usable_threads();
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>((trained > 0 ? std::min(wanted, trained) : wanted) * sequences);
  params.n_seq_max = static_cast<std::uint32_t>(sequences);
  params.n_batch = kBatchTokens;
  params.n_ubatch = kBatchTokens;
  params.pooling_type = LLAMA_POOLING_TYPE_NONE;  // for keep_hidden(): a row a token
  params.n_threads = threads;
  params.n_threads_batch = threads;
  params.no_perf = true;
  return params;
}

}  // namespace

int usable_threads() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<std::unique_ptr<Decoder>> Decoder::open(const LoadedModel& model, const SessionOptions& options) {
  const llama_context_params params = context_params(model, options);
  const std::uint64_t needed = kv_cache_bytes(model.file(), model.info(), params.n_ctx);
  const std::uint64_t there = memory_available_bytes();
  std::unique_ptr<Decoder> decoder(new Decoder());
  if (there == 0 || needed < there) {
    try {
      decoder->context_.reset(llama_init_from_model(model.handle(), params));
    } catch (const std::exception&) {
      decoder->context_.reset();
    }
  }
  if (decoder->context_ == nullptr) {
    return make_error(Code::NoSpace,
                      fmt::format("a context of {} tokens for {} conversations needs {} MiB; {} MiB are there",
                                  params.n_ctx, params.n_seq_max, needed >> 20, there >> 20),
                      "ask for fewer context tokens or fewer conversations at once");
  }
  decoder->n_vocab_ = llama_vocab_n_tokens(llama_model_get_vocab(model.handle()));
  decoder->n_embd_ = llama_model_n_embd_out(model.handle());
  decoder->context_tokens_ = static_cast<int>(llama_n_ctx_seq(decoder->context_.get()));
  decoder->context_tokens_ = std::min(decoder->context_tokens_, static_cast<int>(params.n_ctx / params.n_seq_max));
  decoder->batch_tokens_ = static_cast<int>(llama_n_batch(decoder->context_.get()));
  decoder->rows_at_once_ = std::clamp(kLogitBytesAtOnce / (4 * std::max(decoder->n_vocab_, 1)), 1, kRowsAtOnce);
  decoder->threads_ = params.n_threads;
  decoder->cached_.resize(params.n_seq_max);
  return decoder;
}

std::size_t Decoder::keep_prefix(int sequence, std::size_t count) {
  auto& tokens = cached_[static_cast<std::size_t>(sequence)];
  if (count >= tokens.size()) return tokens.size();
  llama_memory_t memory = llama_get_memory(context_.get());
  if (!llama_memory_seq_rm(memory, sequence, static_cast<llama_pos>(count), -1)) {
    llama_memory_seq_rm(memory, sequence, -1, -1);
    count = 0;
  }
  tokens.resize(count);
  return count;
}

void Decoder::clear() {
  llama_memory_clear(llama_get_memory(context_.get()), false);
  for (auto& tokens : cached_) tokens.clear();
}

int Decoder::add(int sequence, Token token, bool wants_logits) {
  auto& cache = cached_[static_cast<std::size_t>(sequence)];
  tokens_.push_back(token);
  positions_.push_back(static_cast<llama_pos>(cache.size()));
  sequence_counts_.push_back(1);
  sequence_ids_.push_back(sequence);
  wants_.push_back(wants_logits ? 1 : 0);
  cache.push_back(token);
  return size() - 1;
}

void Decoder::use_threads(int threads) {
  llama_set_n_threads(context_.get(), threads > 0 ? std::min(threads, threads_) : threads_, threads_);
}

Status Decoder::decode() {
  if (tokens_.empty()) return {};
  std::vector<llama_seq_id*> pointers;
  for (llama_seq_id& id : sequence_ids_) pointers.push_back(&id);
  llama_batch batch{};
  batch.n_tokens = size();
  batch.token = tokens_.data();
  batch.pos = positions_.data();
  batch.n_seq_id = sequence_counts_.data();
  batch.seq_id = pointers.data();
  batch.logits = wants_.data();
  int outcome = -1;
  try {
    outcome = llama_decode(context_.get(), batch);
    llama_synchronize(context_.get());
  } catch (const std::exception&) {
  }
  tokens_.clear();
  positions_.clear();
  sequence_counts_.clear();
  sequence_ids_.clear();
  wants_.clear();
  if (outcome == 0) return {};
  clear();
  return make_error(Code::Internal, fmt::format("the engine could not compute a batch (it answers {})", outcome),
                    "BANCHU_LOG=debug shows what the engine says");
}

std::span<const float> Decoder::logits(int row) const {
  const float* values = llama_get_logits_ith(context_.get(), row);
  BANCHU_CHECK(values != nullptr, "a row without logits was asked for");
  return {values, static_cast<std::size_t>(n_vocab_)};
}

void Decoder::keep_hidden(bool keeps) { llama_set_embeddings(context_.get(), keeps); }

std::span<const float> Decoder::hidden(int row) const {
  const float* values = llama_get_embeddings_ith(context_.get(), row);
  if (values == nullptr) return {};
  return {values, static_cast<std::size_t>(n_embd_)};
}

}  // namespace banchu

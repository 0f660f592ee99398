// Private to model/: a llama context with the bookkeeping that every user of it needs: which tokens lie in which
// sequence's cache, and batches built token by token.
//
// Owns: the context. Threads: one at a time. Errors: NoSpace (the context does not fit), Internal (the engine failed;
// the caches are then empty).
#pragma once

#include <span>
#include <vector>

#include "model/loaded_model.h"

namespace banchu {

class Decoder {
 public:
  static Result<std::unique_ptr<Decoder>> open(const LoadedModel& model, const SessionOptions& options);

  // Tokens that this sequence's cache holds.
  const std::vector<Token>& cached(int sequence) const { return cached_[static_cast<std::size_t>(sequence)]; }
  // Drops all but the first `count` tokens. Some architectures can only drop everything; returns what is left.
  std::size_t keep_prefix(int sequence, std::size_t count);
  void clear();

  // Adds a token behind the sequence's cache and the tokens already added; returns its row in the batch.
  int add(int sequence, Token token, bool wants_logits);
  int size() const { return static_cast<int>(tokens_.size()); }
  int room() const { return batch_tokens_ - size(); }
  void use_threads(int threads);  // for single tokens, from now on; 0: the session's
  Status decode();                // runs and empties the batch
  // Row of the last decode(); n_vocab floats, valid until the next one.
  std::span<const float> logits(int row) const;
  // From now on a decode() keeps the last layer's rows too (and computes the logits of every token).
  void keep_hidden(bool keeps);
  // Of any row of the last decode() that kept them; n_embd floats, or nothing where the model has none.
  std::span<const float> hidden(int row) const;

  int context_tokens() const { return context_tokens_; }  // of one sequence
  int sequences() const { return static_cast<int>(cached_.size()); }
  int rows_at_once() const { return rows_at_once_; }  // how many rows of logits a batch should ask for at most
  llama_context* handle() const { return context_.get(); }

 private:
  Decoder() = default;

  LlamaContextHandle context_;
  int n_vocab_ = 0;
  int n_embd_ = 0;
  int context_tokens_ = 0;
  int batch_tokens_ = 0;
  int rows_at_once_ = 0;
  int threads_ = 0;
  std::vector<std::vector<Token>> cached_;
  // The batch, as llama_batch wants it.
  std::vector<Token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<int> sequence_counts_;
  std::vector<llama_seq_id> sequence_ids_;
  std::vector<signed char> wants_;
};

// Processors that this process may use.
int usable_threads();

}  // namespace banchu

// The door of the engine: a loaded model, its tokenizer and chat template, and sessions that talk.
//
// Two nouns: a Model is the loaded weights, shared and constant; a Session is one mutable inference timeline over a
// KV cache. Nobody outside model/ sees llama.h.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "model/gguf_file.h"
#include "model/message.h"
#include "model/sampling.h"

namespace banchu {

struct ModelOptions {
  int gpu_layers = 0;
  // Refuse before loading when the weights and one context would need more than this; 0: the machine's free memory.
  std::uint64_t memory_limit_bytes = 0;
};

// Text <-> tokens. Threads: const, may be shared.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Text as text: nothing in it becomes a control token, no BOS or EOS is added.
  virtual std::vector<Token> encode(std::string_view text) const = 0;
  // What stands before the first token of any text: the vocabulary's BOS where it asks for one, else nothing.
  virtual std::vector<Token> text_start() const { return {}; }
  virtual std::string decode(std::span<const Token> tokens) const = 0;
  // The bytes of one token (may be half a UTF-8 character); "" for control tokens.
  virtual const std::string& piece(Token token) const = 0;
  virtual bool ends_generation(Token token) const = 0;
  virtual std::size_t vocabulary_size() const = 0;
};

// A conversation as the model's own template writes it.
struct RenderedChat {
  std::vector<Token> tokens;
  // One span for every assistant message, in order: from its first content token to and including the control token
  // that ends the turn, when the template writes one. Taken while rendering, never by searching text.
  std::vector<TokenSpan> replies;
};

class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  // Message contents are tokenised as plain text (no special tokens can be injected through them).
  // A model without a template gets ChatML written in plain text and says so in is_builtin().
  // Errors: InvalidArgument (the template refuses these messages, or needs more than its deadline), Unsupported.
  virtual Result<RenderedChat> render(std::span<const Message> messages, bool add_generation_prompt) const = 0;
  virtual bool is_builtin() const = 0;
  // What ends a turn in the built-in template: plain text to a vocabulary that does not know it, so every reply also
  // stops there. "" where the model's own tokens end a turn.
  virtual std::string_view end_of_turn_text() const { return ""; }
};

class Model {
 public:
  virtual ~Model() = default;
  // Errors: NotFound, Corruption, Unsupported (an architecture llama.cpp does not know), NoSpace (memory).
  static Result<std::shared_ptr<Model>> load(const std::filesystem::path& path, const ModelOptions& options = {});
  virtual const ModelInfo& info() const = 0;
  virtual const std::string& digest() const = 0;  // SHA-256 of the file; cached by path, size and mtime
  virtual const std::filesystem::path& path() const = 0;
  virtual const Tokenizer& tokenizer() const = 0;
  virtual const ChatTemplate& chat_template() const = 0;
};

// An adapter to talk with, and how strongly. y = W x + scale * alpha / rank * B (A x).
struct AdapterUse {
  std::string digest;
  std::filesystem::path path;
  float scale = 1.0f;
};

struct SessionOptions {
  int threads = 0;            // 0: every core
  int context_tokens = 4096;  // of one sequence; cut to what the model was trained with
  int sequences = 1;          // how many conversations complete_all() may hold at once
};

struct CompletionRequest {
  std::vector<Token> prompt;  // rendered with the generation prompt
  SamplingOptions sampling;
  std::uint64_t seed = 0;
  int threads = 0;    // for the tokens behind the prompt, complete() only; 0: the session's
  int logprobs = -1;  // >= 0: Completion.logprobs, with so many of the likeliest tokens at each place
};

enum class StopReason { end_of_turn, stop_sequence, max_tokens, context_full, cancelled };
const char* stop_reason_name(StopReason reason);

// What the model itself thought of a sampled token, before penalties, biases and grammar.
struct TokenLogprob {
  Token token = 0;
  float logprob = 0;  // natural log
  TopK top;
};

struct Completion {
  std::string text;                    // without the stop sequence; always valid UTF-8
  std::vector<Token> tokens;           // as sampled, the end-of-turn token included when it came
  std::vector<TokenLogprob> logprobs;  // of `tokens`, when asked for
  StopReason stop_reason = StopReason::end_of_turn;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;  // of the prompt, found in the KV cache
  double prompt_seconds = 0;
  double generation_seconds = 0;
  double processor_seconds = 0;  // of the whole process while it was generated, all threads together
};

// Gets text as it becomes certain (stop sequences, banned words and half characters are held back).
using TextSink = std::function<void(std::string_view)>;

// What the model thinks of given tokens. One request: `tokens`, and the positions t >= 1 whose token is scored from
// tokens[0..t); and the positions whose state is wanted, which is what the model made of tokens[0..t].
struct ScoreRequest {
  std::vector<Token> tokens;
  std::vector<std::uint32_t> positions;
  bool entropy = false;  // also the entropy of the whole distribution at each position
  std::vector<std::uint32_t> hidden =
      {};  // ascending; the last layer's row behind its norm, where the text is classified
};
struct Score {
  std::vector<float> logprobs;                  // of tokens[positions[i]], natural log
  std::vector<float> entropies;                 // in nats, as many as positions when asked for
  std::vector<TopK> top;                        // as many as positions when top_k > 0, else empty
  std::vector<std::vector<float>> hidden = {};  // [request.hidden, n_embd]
};

// Owns a llama context. Threads: one thread at a time. It loads and frees its adapters itself.
class Session {
 public:
  virtual ~Session() = default;
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<Model> model, const SessionOptions& options);

  // The whole set from now on (an empty span: the bare base). Clears the KV cache when the set changes.
  // Errors: NotFound, Corruption, InvalidArgument (an adapter for another base; says which).
  virtual Status set_adapters(std::span<const AdapterUse> adapters) = 0;

  // One reply, reusing the longest common prefix of the previous prompt and reply. Sampling is a pure function of
  // (model, adapters, prompt, options, seed, threads, what is cached being the same tokens).
  virtual Result<Completion> complete(const CompletionRequest& request, const TextSink& on_text,
                                      const CancelFlag* cancel) = 0;

  // Many replies, `sequences` at a time in one batch. Order of results = order of requests. Batch shapes change the
  // last bits, so a reply may differ from complete()'s with the same seed; it is drawn from the same distribution.
  // `on_done` is called after each finished reply with the number finished so far.
  virtual Result<std::vector<Completion>> complete_all(std::span<const CompletionRequest> requests,
                                                       const std::function<void(std::size_t)>& on_done,
                                                       const CancelFlag* cancel) = 0;

  // Teacher-forced scores; `top_k` = 0 asks for none. A pass that hands out states computes logits for every token of
  // its batches, because the engine does. Unsupported: a model that has no states of tokens.
  virtual Result<std::vector<Score>> score(std::span<const ScoreRequest> requests, int top_k,
                                           const std::function<void(std::size_t)>& on_done,
                                           const CancelFlag* cancel) = 0;
  virtual const Model& model() const = 0;
  // Tokens sampled here so far, for receipts.
  virtual std::uint64_t generated_tokens() const = 0;
};

// The engine ends the process where one of its own assertions fails, which a file or a bug can bring about. Before that
// it calls `say` with its message, on whichever thread that was; `say` may end the process in its own way.
using EngineLastWords = void (*)(const char* message);
void set_engine_last_words(EngineLastWords say);

}  // namespace banchu

// What sets one family of models apart from another, as data. A llama is a row of this table; so are the others, and
// no other file asks for a name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace banchu::lora {

enum class Activation : std::uint8_t { silu, gelu };  // of the gate; gelu in its tanh form

// Which two numbers of a head turn together: (2i, 2i + 1), or (i, i + n / 2).
enum class RopePairs : std::uint8_t { adjacent, halves };

// Tensors that slow down single pairs: rope_freqs, and rope_factors_long or _short by the context that is served.
enum class RopeFactors : std::uint8_t { none, frequencies, long_and_short };

struct Architecture {
  std::string_view name = "llama";  // general.architecture
  Activation activation = Activation::silu;
  RopePairs rope_pairs = RopePairs::adjacent;
  RopeFactors rope_factors = RopeFactors::frequencies;
  bool fused_gate_up = false;      // ffn_up holds gate above up
  bool head_norms = false;         // a norm on every query and key head before rope
  bool post_norms = false;         // a norm on what a branch gives, before it joins the residual
  bool branch_biases = false;      // attn_output and ffn_* may have biases; q, k and v may have them everywhere
  bool scaled_embedding = false;   // times sqrt(n_embd)
  bool windows = false;            // attention.sliding_window is obeyed, with a rope of its own in those layers
  std::int64_t window_period = 0;  // every so-many-th layer sees everything, where the file does not say which
  // A model of this many layers divides the scores by sqrt(n_embd / n_head) and not by sqrt(head_dim). 0: none does.
  std::int64_t layers_of_wide_scale = 0;
};

// Every family that can be trained.
std::span<const Architecture> architectures();
const Architecture* find_architecture(std::string_view name);  // nullptr when it is not among them
std::string known_architectures();                             // "llama, qwen2, ..."

}  // namespace banchu::lora

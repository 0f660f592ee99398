// What PEFT calls a matrix and what GGUF calls it, and in which order its rows stand; for one base model.
//
// The rows of q and k: rope turns pairs of rows of a head. Hugging Face pairs row i with row i + d/2; GGUFs of the
// llama architecture (which mistral shares) pair 2i with 2i + 1, so the converter moved the rows, and B of a LoRA moves
// with them. The other architectures here keep Hugging Face's order. Threads: const. Errors of open: Unsupported (an
// architecture whose rows we do not know; heads that differ by layer).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu {

class TensorNames {
 public:
  static Result<TensorNames> open(const GgufFile& base);
  const std::string& architecture() const { return architecture_; }

  // "model.layers.0.self_attn.q_proj" -> "blk.0.attn_q.weight"; nothing for a module without a counterpart.
  std::optional<std::string> gguf_name(std::string_view module) const;
  // The other way: "blk.0.attn_q.weight" -> "model.layers.0.self_attn.q_proj".
  std::optional<std::string> module(std::string_view gguf_name) const;

  // Puts the rows of B [out, rank] into GGUF's order, or back into Hugging Face's. Most matrices stay as they are.
  // `out` must be a multiple of twice the heads (a matrix that fits its base is).
  std::vector<float> to_gguf_rows(std::string_view gguf_name, std::vector<float> b, std::uint64_t out) const;
  std::vector<float> to_module_rows(std::string_view gguf_name, std::vector<float> b, std::uint64_t out) const;

 private:
  std::uint64_t heads_of(std::string_view gguf_name) const;  // 0: the rows do not move

  std::string architecture_;
  bool moves_rows_ = false;
  bool has_joined_qkv_ = false;  // phi3: qkv_proj, gate_up_proj
  std::uint64_t n_head_ = 0;
  std::uint64_t n_head_kv_ = 0;
};

}  // namespace banchu

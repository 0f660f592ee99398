// How much memory talking takes, before anything is loaded.
//
//   total = weights + keys and values + workspace (+ what a file's matrices take twice, on a processor)
//   weights:   file size, or weights * bits / 8. Bits a weight are those of ggml's block formats (q8_0: 32 weights in
//              34 bytes = 8.5); the _m mixtures keep some matrices finer, so theirs are means over a llama.
//   kv:        2 (key, value) * layers * kv_width * 2 bytes a token
//   workspace: the engine's graph and the tables of words, measured, and one batch of 512 tokens of activations and
//              scores of words
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plan/plan_shape.h"

namespace banchu::plan {

struct Quantisation {
  std::string_view name;
  double bits = 16;  // a weight
};
std::span<const Quantisation> quantisations();  // finest first
// Errors: InvalidArgument, with those there are.
Result<Quantisation> find_quantisation(const std::string& name);

struct ChatNeed {
  std::uint64_t weights = 0;
  std::uint64_t kv = 0;
  std::uint64_t workspace = 0;
  std::uint64_t repacked = 0;  // Shape::repacked_bytes, on a processor
  std::uint64_t total() const { return weights + kv + workspace + repacked; }
};
ChatNeed chat_need(const Shape& shape, const Quantisation& quantisation, std::int64_t context_tokens);
// The file as it is.
ChatNeed chat_need(const Shape& shape, std::int64_t context_tokens);

// How many devices of `device_bytes` hold it: each keeps `reserve` for its driver and a workspace of its own, and
// layers are not cut. 0: not even one layer fits.
int devices_needed(const Shape& shape, const ChatNeed& need, std::uint64_t device_bytes);

}  // namespace banchu::plan

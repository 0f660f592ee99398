// Hand-over: a LoRA adapter on disk, as stock llama.cpp loads it.
//
// On disk: GGUF, general.type "adapter", general.architecture, adapter.type "lora", adapter.lora.alpha; tensors
// "<base tensor>.lora_a" ne [in, rank] and "<base tensor>.lora_b" ne [rank, out], F32. No id, time or path inside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

struct AdapterTensor {
  std::string base;  // the base tensor's name, e.g. "blk.0.attn_q.weight"
  std::uint32_t in = 0;
  std::uint32_t out = 0;
  std::uint32_t rank = 0;
  std::vector<float> a;  // [rank, in], row-major
  std::vector<float> b;  // [out, rank], row-major
};

struct Adapter {
  std::string architecture;
  float alpha = 0;  // the update is scale * alpha / rank * B A
  std::vector<AdapterTensor> tensors;
};

// Deterministic bytes for the same content. Errors of read: NotFound, Corruption, Unsupported (not a LoRA, NaN inside).
Status write_adapter(const Adapter& adapter, const std::filesystem::path& path);
Result<Adapter> read_adapter(const std::filesystem::path& path);

}  // namespace banchu

// Quantised GGUF numbers to floats, by ggml's own tables. Pure functions on the file's map.
#pragma once

#include <cstdint>

#include "model/gguf_file.h"

namespace banchu::lora {

bool can_dequantise(const GgufTensor& tensor);

// Elements [begin, begin + n) into out; begin and n are whole blocks of the tensor's type (a row always is).
void dequantise(const GgufTensor& tensor, std::int64_t begin, std::int64_t n, float* out);

}  // namespace banchu::lora

// Quantised GGUF numbers to floats, by ggml's own tables. Pure functions on the file's map.
#pragma once

#include <cstdint>

#include "model/gguf_file.h"

namespace banchu::lora {

bool can_dequantise(const GgufTensor& tensor);

// Elements [begin, begin + n) into out; begin and n are whole blocks of the tensor's type (a row always is).
void dequantise(const GgufTensor& tensor, std::int64_t begin, std::int64_t n, float* out);

// Takes the tensor out of memory: the pages of the file's map that hold nothing else. Who reads it again reads the
// file.
void give_back_pages(const GgufTensor& tensor);

}  // namespace banchu::lora

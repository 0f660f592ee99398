// The numbers that decide how large a model is: read from a GGUF file, from a Hugging Face config.json, or known by a
// name such as "70b".
//
// Pure. Errors: InvalidArgument (a name nobody knows, with those there are; a config.json with nonsense in it, naming
// the key), Unsupported (a mixture of experts: its size cannot be counted from these numbers).
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu::plan {

struct Shape {
  std::string name;
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_width = 0;
  std::int64_t inner_width = 0;  // of the feed-forward part
  std::int64_t vocabulary = 0;
  bool tied = false;                 // the head is the token embedding
  std::uint64_t file_bytes = 0;      // of the GGUF file; 0 where there is none
  std::uint64_t repacked_bytes = 0;  // ModelInfo's

  std::int64_t attention_width() const { return heads * head_width; }
  std::int64_t kv_width() const { return kv_heads * head_width; }
  // Embedding and head, and in each layer q k v o, gate up down and two norms; biases are too few to count.
  std::uint64_t weights() const;
};

Result<Shape> shape_by_name(const std::string& name);
Result<Shape> shape_from_config(const Json& config, const std::string& what);
Result<Shape> shape_from_gguf(const GgufFile& file);

}  // namespace banchu::plan

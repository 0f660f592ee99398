// What makes two tokenizers the same: equal tokens with equal kinds, merges and scores, under equal rules.
#include <bit>

#include "base/digest.h"
#include "train/train.h"

namespace banchu {

namespace {

struct Append {
  std::string& out;

  void size(std::size_t n) const { bytes(&n, sizeof n); }
  void bytes(const void* data, std::size_t n) const { out.append(static_cast<const char*>(data), n); }
  template <typename T>
  void operator()(const T& value) const {
    bytes(&value, sizeof value);
  }
  void operator()(const std::string& value) const {
    size(value.size());
    out += value;
  }
  template <typename T>
  void operator()(const std::vector<T>& values) const {
    size(values.size());
    for (const T& value : values) (*this)(value);
  }
};

}  // namespace

std::string tokenizer_digest(const GgufFile& file) {
  std::string out;
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
                          "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.scores"}) {
    const GgufFile::Value* value = file.find(key);
    Append{out}(std::string(value == nullptr ? "" : key));
    if (value != nullptr) std::visit(Append{out}, *value);
  }
  return sha256(out);
}

}  // namespace banchu

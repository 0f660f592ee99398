// Texts as vectors: near to each other where they mean something near. By the bare base, whoever is awake, so that
// vectors that were kept stay comparable when the companion has grown.
//
// The mean of the last layer's rows over the text, or what the model's own file asks for; of length 1.
// Owns: a context of its own. Threads: any, one after the other. Errors: NoSpace (the context), Unsupported (a
// reranker), InvalidArgument (an empty text, one too long), Internal.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/model.h"

namespace banchu {

class Embedder {
 public:
  static Result<std::unique_ptr<Embedder>> open(std::shared_ptr<Model> model, int threads);
  virtual ~Embedder() = default;
  virtual int most_tokens() const = 0;  // of one text
  virtual Result<std::vector<float>> embed(std::span<const Token> tokens) = 0;
};

}  // namespace banchu

// Embeddings for whoever asks first: the context that makes them is opened then, for most companions are never asked.
//
// Threads: any. Errors: the embedder's.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "model/embedder.h"

namespace banchu {

class Vectors {
 public:
  Vectors(std::shared_ptr<Model> model, int threads) : model_(std::move(model)), threads_(threads) {}

  // Good for as long as this lives.
  Result<Embedder*> embedder() {
    const std::scoped_lock lock(mutex_);
    if (embedder_ == nullptr) {
      BANCHU_TRY(embedder_, Embedder::open(model_, threads_));
    }
    return embedder_.get();
  }

 private:
  std::shared_ptr<Model> model_;
  int threads_;
  std::mutex mutex_;
  std::unique_ptr<Embedder> embedder_;
};

}  // namespace banchu

// The engine as a stranger meets it: it loads a model and an adapter and says its logits. And ours beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "train/batch.h"
#include "train/lora_parameters.h"

namespace banchu::test {

using Rows = std::vector<std::vector<Token>>;

// libllama with one model.
class Engine {
 public:
  explicit Engine(const std::filesystem::path& model);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::vector<Token> tokenize(const std::string& text) const;
  // Logits [tokens of all rows, vocabulary]; every row is a conversation of its own. The context holds 256 tokens, or
  // as many as the longest row needs. "" for no adapter.
  std::vector<float> logits(const Rows& rows, const std::filesystem::path& adapter) const;

 private:
  struct Parts;
  Parts* parts_;
};

// An adapter that moves the model visibly: A as fresh, B small and random.
std::vector<float> lively_parameters(const lora::ParameterPlan& plan, double spread = 0.05);

// Our graph's logits of the same rows, packed into one pass. T: the type of the products.
template <typename T>
std::vector<float> our_logits(const std::filesystem::path& base, const lora::ParameterPlan& plan,
                              const std::vector<float>& parameters, const Rows& rows);

// The same model with its matrices dequantised to F16: what libllama computes when it does not round activations to 8
// bits.
void write_dequantised(const std::filesystem::path& from, const std::filesystem::path& to);

// Mean over positions of KL(p || q), in nats a token.
double mean_kl(const std::vector<float>& p, const std::vector<float>& q, std::size_t positions);

}  // namespace banchu::test

// What is trained is what is served: our logits with an adapter against libllama's on the default model.
#include <gtest/gtest.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <ggml.h>
#include <gguf.h>
#include <llama.h>
#pragma GCC diagnostic pop

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <list>

#include "base/file.h"
#include "base/rng.h"
#include "train/dequantise.h"
#include "train/graph.h"

namespace banchu::test {
namespace {

std::filesystem::path default_model() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const std::filesystem::path folder = home != nullptr
                                           ? std::filesystem::path(home)
                                           : std::filesystem::path(user != nullptr ? user : "") / ".local/share/banchu";
  return folder / "models/SmolLM2-135M-Instruct.Q4_1.gguf";
}

constexpr const char* kText =
    "<|im_start|>user\nWhy does bread rise, and what does salt do in it?<|im_end|>\n<|im_start|>assistant\nBread rises "
    "because yeast eats sugar and breathes out gas, which the stretchy dough holds in small bubbles. Salt slows the "
    "yeast a little, makes the dough stronger and gives the crumb its taste.<|im_end|>\n";

// An adapter that moves the model visibly: A as fresh, B small and random.
std::vector<float> lively_parameters(const lora::ParameterPlan& plan) {
  std::vector<float> parameters = lora::fresh_parameters(plan, 1);
  Rng rng(2, "b");
  for (float& p : parameters) {
    if (p == 0.0f) p = static_cast<float>(0.05 * rng.normal());
  }
  return parameters;
}

struct Served {
  std::vector<Token> tokens;
  std::vector<float> plain, adapted;  // [tokens, vocabulary]
};

std::vector<float> llama_logits(llama_context* context, std::vector<Token> tokens, std::size_t n_vocab) {
  llama_memory_clear(llama_get_memory(context), true);
  llama_batch batch = llama_batch_init(static_cast<std::int32_t>(tokens.size()), 0, 1);
  batch.n_tokens = static_cast<std::int32_t>(tokens.size());
  for (std::int32_t i = 0; i < batch.n_tokens; ++i) {
    batch.token[i] = tokens[static_cast<std::size_t>(i)];
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = 1;
  }
  EXPECT_EQ(0, llama_decode(context, batch));
  const float* all = llama_get_logits(context);
  std::vector<float> out(all, all + tokens.size() * n_vocab);
  llama_batch_free(batch);
  return out;
}

Served serve(const std::filesystem::path& base, const std::filesystem::path& adapter_path) {
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(base.c_str(), llama_model_default_params());
  const llama_vocab* vocabulary = llama_model_get_vocab(model);
  const auto n_vocab = static_cast<std::size_t>(llama_vocab_n_tokens(vocabulary));
  Served served;
  const std::string text = kText;
  served.tokens.resize(text.size());
  const int n = llama_tokenize(vocabulary, text.data(), static_cast<std::int32_t>(text.size()), served.tokens.data(),
                               static_cast<std::int32_t>(text.size()), false, true);
  served.tokens.resize(static_cast<std::size_t>(n));
  llama_adapter_lora* adapter = llama_adapter_lora_init(model, adapter_path.c_str());
  EXPECT_NE(nullptr, adapter) << "stock llama.cpp refuses our adapter";
  llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = 256;
  parameters.n_threads = parameters.n_threads_batch = 1;
  llama_context* context = llama_init_from_model(model, parameters);
  served.plain = llama_logits(context, served.tokens, n_vocab);
  float scale = 1;
  llama_set_adapters_lora(context, &adapter, 1, &scale);
  served.adapted = llama_logits(context, served.tokens, n_vocab);
  llama_free(context);
  llama_model_free(model);
  return served;
}

// Mean over positions of KL(p || q), in nats a token.
double mean_kl(const std::vector<float>& p, const std::vector<float>& q, std::size_t positions) {
  const std::size_t n = p.size() / positions;
  double total = 0;
  for (std::size_t t = 0; t < positions; ++t) {
    const float* a = p.data() + t * n;
    const float* b = q.data() + t * n;
    const auto log_sum = [n](const float* x) {
      const double top = static_cast<double>(*std::max_element(x, x + n));
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(x[i]) - top);
      return top + std::log(sum);
    };
    const double za = log_sum(a), zb = log_sum(b);
    for (std::size_t i = 0; i < n; ++i) {
      const double log_p = static_cast<double>(a[i]) - za;
      total += std::exp(log_p) * (log_p - (static_cast<double>(b[i]) - zb));
    }
  }
  return total / static_cast<double>(positions);
}

template <typename T>
std::vector<float> our_logits(const std::filesystem::path& base, const lora::ParameterPlan& plan,
                              const std::vector<float>& parameters, const std::vector<Token>& tokens) {
  const auto file = GgufFile::open(base).value();
  const auto shape = lora::read_shape(*file).value();
  const auto weights = lora::Weights<T>::load(file, shape, plan, {}).value();
  lora::Gemm gemm;
  lora::Graph<T> graph(&weights, &plan, &gemm, 0, 0);
  graph.use_parameters(parameters.data());
  lora::Batch batch;
  batch.tokens = tokens;
  batch.rows = {{0, static_cast<std::int64_t>(tokens.size())}};
  return graph.logits(batch);
}

// The same model with its weights dequantised to F16: what libllama computes when it does not round activations to 8
// bits.
void write_dequantised(const std::filesystem::path& from, const std::filesystem::path& to) {
  ggml_context* tensors = nullptr;
  gguf_context* source = gguf_init_from_file(from.c_str(), {true, &tensors});
  gguf_context* target = gguf_init_empty();
  gguf_set_kv(target, source);
  const auto file = GgufFile::open(from).value();
  std::list<std::vector<ggml_fp16_t>> halves;
  for (const GgufTensor& tensor : file->tensors()) {
    gguf_add_tensor(target, ggml_get_tensor(tensors, tensor.name.c_str()));
    if (tensor.ne.size() < 2) {
      gguf_set_tensor_data(target, tensor.name.c_str(), tensor.data);
      continue;
    }
    const auto n = static_cast<std::int64_t>(tensor.elements());
    std::vector<float> wide(tensor.elements());
    lora::dequantise(tensor, 0, n, wide.data());
    ggml_fp32_to_fp16_row(wide.data(), halves.emplace_back(wide.size()).data(), n);
    gguf_set_tensor_type(target, tensor.name.c_str(), GGML_TYPE_F16);
    gguf_set_tensor_data(target, tensor.name.c_str(), halves.back().data());
  }
  ASSERT_TRUE(gguf_write_to_file(target, to.c_str(), false));
  gguf_free(target);
  gguf_free(source);
  ggml_free(tensors);
}

class ServedParity : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(base_)) GTEST_SKIP() << "the default model is not at " << base_;
    plan_ = lora::plan_parameters(lora::read_shape(*GgufFile::open(base_).value()).value(), 8, 16);
    parameters_ = lively_parameters(plan_);
    ASSERT_TRUE(write_adapter(lora::to_adapter(plan_, parameters_.data()), folder_.path() / "adapter.gguf"));
  }
  // Mean KL(libllama on `served` || ours on the quantised base), nats a token, both with the adapter.
  template <typename T>
  double gap(const Served& served) {
    return mean_kl(served.adapted, our_logits<T>(base_, plan_, parameters_, served.tokens), served.tokens.size());
  }

  const std::filesystem::path base_ = default_model();
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-parity").value();
  lora::ParameterPlan plan_;
  std::vector<float> parameters_;
};

TEST_F(ServedParity, OurLogitsAreThoseOfLibllamaOnTheSameWeights) {
  write_dequantised(base_, folder_.path() / "f16.gguf");
  const Served served = serve(folder_.path() / "f16.gguf", folder_.path() / "adapter.gguf");
  ASSERT_GT(mean_kl(served.plain, served.adapted, served.tokens.size()), 0.05) << "the adapter does nothing visible";
  const double f32 = gap<float>(served);
  const double bf16 = gap<lora::Bf16>(served);
  std::printf("KL(libllama on F16 || ours) = %.1e in f32, %.1e in bf16, nats a token\n", f32, bf16);
  EXPECT_LE(f32, 1e-4);
  EXPECT_LE(bf16, 1e-3);
}

// On the quantised file itself libllama rounds every activation to 8 bits, adapter or not. That rounding, not the
// trainer, is the gap that is left: it is as large without any adapter. So the bar here is the gap of the bare base.
TEST_F(ServedParity, OnTheQuantisedFileTheAdapterAddsNothingToTheRoundingOfActivations) {
  const Served served = serve(base_, folder_.path() / "adapter.gguf");
  const auto silent = lora::fresh_parameters(plan_, 1);  // B is zero
  const double bare =
      mean_kl(served.plain, our_logits<float>(base_, plan_, silent, served.tokens), served.tokens.size());
  const double adapted = gap<float>(served);
  std::printf("KL(libllama on Q4_1 || ours) = %.1e bare, %.1e with the adapter, nats a token\n", bare, adapted);
  EXPECT_LE(bare, 1e-2);
  EXPECT_LE(adapted, 1.5 * bare + 1e-3);
}

}  // namespace
}  // namespace banchu::test

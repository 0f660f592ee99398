#include "tests/parity/served.h"

#include <gtest/gtest.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <ggml.h>
#include <gguf.h>
#include <llama.h>
#pragma GCC diagnostic pop

#include <algorithm>
#include <cmath>
#include <list>

#include "base/rng.h"
#include "train/dequantise.h"
#include "train/graph.h"

namespace banchu::test {

struct Engine::Parts {
  llama_model* model = nullptr;

  llama_context* open(std::size_t longest) const {
    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = std::max<std::uint32_t>(256, static_cast<std::uint32_t>(longest));
    parameters.n_batch = parameters.n_ubatch = parameters.n_ctx;
    parameters.n_threads = parameters.n_threads_batch = 1;
    return llama_init_from_model(model, parameters);
  }
};

Engine::Engine(const std::filesystem::path& model) : parts_(new Parts()) {
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  parts_->model = llama_model_load_from_file(model.c_str(), llama_model_default_params());
  EXPECT_NE(nullptr, parts_->model) << "stock llama.cpp refuses " << model;
}

Engine::~Engine() {
  llama_model_free(parts_->model);
  delete parts_;
}

std::vector<Token> Engine::tokenize(const std::string& text) const {
  std::vector<Token> tokens(text.size());
  const auto size = static_cast<std::int32_t>(text.size());
  const int n =
      llama_tokenize(llama_model_get_vocab(parts_->model), text.data(), size, tokens.data(), size, false, true);
  tokens.resize(static_cast<std::size_t>(n));
  return tokens;
}

namespace {

void append_logits(llama_context* context, const std::vector<Token>& tokens, std::size_t n_vocab,
                   std::vector<float>* out) {
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
  out->insert(out->end(), all, all + tokens.size() * n_vocab);
  llama_batch_free(batch);
}

}  // namespace

std::vector<float> Engine::logits(const Rows& rows, const std::filesystem::path& adapter_path) const {
  if (parts_->model == nullptr) return {};
  llama_adapter_lora* adapter = nullptr;
  if (!adapter_path.empty()) {
    adapter = llama_adapter_lora_init(parts_->model, adapter_path.c_str());
    EXPECT_NE(nullptr, adapter) << "stock llama.cpp refuses our adapter";
  }
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  llama_context* context = parts_->open(longest);
  float scale = 1;
  if (adapter != nullptr) llama_set_adapters_lora(context, &adapter, 1, &scale);
  std::vector<float> out;
  const auto n_vocab = static_cast<std::size_t>(llama_vocab_n_tokens(llama_model_get_vocab(parts_->model)));
  for (const auto& row : rows) append_logits(context, row, n_vocab, &out);
  llama_free(context);
  return out;
}

std::vector<float> lively_parameters(const lora::ParameterPlan& plan, double spread) {
  std::vector<float> parameters = lora::fresh_parameters(plan, 1);
  Rng rng(2, "b");
  for (float& p : parameters) {
    if (p == 0.0f) p = static_cast<float>(spread * rng.normal());
  }
  return parameters;
}

template <typename T>
std::vector<float> our_logits(const std::filesystem::path& base, const lora::ParameterPlan& plan,
                              const std::vector<float>& parameters, const Rows& rows) {
  const auto file = GgufFile::open(base).value();
  lora::Batch batch;
  for (const auto& row : rows) {
    batch.rows.push_back({static_cast<std::int64_t>(batch.tokens.size()), static_cast<std::int64_t>(row.size())});
    batch.tokens.insert(batch.tokens.end(), row.begin(), row.end());
  }
  const auto shape = lora::read_shape(*file).value();
  const auto weights = lora::Weights<T>::load(file, shape, plan, {}).value();
  lora::Gemm gemm;
  lora::Graph<T> graph(&weights, &plan, &gemm, 0, 0);
  graph.use_parameters(parameters.data());
  return graph.logits(batch);
}
template std::vector<float> our_logits<float>(const std::filesystem::path&, const lora::ParameterPlan&,
                                              const std::vector<float>&, const Rows&);
template std::vector<float> our_logits<lora::Bf16>(const std::filesystem::path&, const lora::ParameterPlan&,
                                                   const std::vector<float>&, const Rows&);

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

double mean_kl(const std::vector<float>& p, const std::vector<float>& q, std::size_t positions) {
  EXPECT_EQ(p.size(), q.size());
  if (p.size() != q.size()) return NAN;
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

}  // namespace banchu::test

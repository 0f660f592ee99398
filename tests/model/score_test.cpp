#include <cmath>

#include "llama.h"
#include "model/scorer.h"
#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class RealScore : public RealModelTest {
 protected:
  // Log-probabilities of every next token by libllama alone: one batch, every row, a softmax in double.
  std::vector<std::vector<double>> plain(const std::vector<Token>& tokens) const {
    llama_model* model = llama_model_load_from_file(default_model_path().c_str(), llama_model_default_params());
    llama_context_params params = llama_context_default_params();
    params.n_ctx = 512;
    params.n_batch = 512;
    params.n_threads = params.n_threads_batch = 1;
    llama_context* context = llama_init_from_model(model, params);
    llama_batch batch = llama_batch_init(static_cast<int>(tokens.size()), 0, 1);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      batch.token[i] = tokens[i];
      batch.pos[i] = static_cast<int>(i);
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = 1;
    }
    batch.n_tokens = static_cast<int>(tokens.size());
    EXPECT_EQ(llama_decode(context, batch), 0);
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const float* logits = llama_get_logits_ith(context, static_cast<int>(i));
      std::vector<double> row(logits, logits + model_->info().n_vocab);
      double sum = 0;
      for (const double logit : row) sum += std::exp(logit);
      for (double& logit : row) logit -= std::log(sum);
      rows.push_back(row);
    }
    llama_batch_free(batch);
    llama_free(context);
    llama_model_free(model);
    return rows;
  }
};

TEST_F(RealScore, GivesTheLogProbabilitiesOfAPlainEvaluation) {
  std::vector<Token> tokens = model_->tokenizer().encode("The sea is wide and the night is long. We walked home.");
  const auto rows = plain(tokens);
  ScoreRequest request{tokens, {1, 3, 7, static_cast<std::uint32_t>(tokens.size() - 1)}};
  const auto scores = open(256)->score(std::vector<ScoreRequest>{request}, 8, nullptr, nullptr);
  ASSERT_TRUE(scores) << scores.error().message;
  for (std::size_t i = 0; i < request.positions.size(); ++i) {
    const auto& row = rows[request.positions[i] - 1];
    const Token token = tokens[request.positions[i]];
    EXPECT_NEAR((*scores)[0].logprobs[i], row[static_cast<std::size_t>(token)], 0.05) << i;
    const TopK& top = (*scores)[0].top[i];
    ASSERT_EQ(top.ids.size(), 8u);
    EXPECT_EQ(top.ids[0], std::max_element(row.begin(), row.end()) - row.begin());
    for (std::size_t k = 0; k < 8; ++k) EXPECT_NEAR(top.logprobs[k], row[static_cast<std::size_t>(top.ids[k])], 0.1);
    EXPECT_TRUE(std::is_sorted(top.logprobs.rbegin(), top.logprobs.rend()));
  }
}

TEST_F(RealScore, SumsToOneOverTheVocabulary) {
  const ScoreRequest request{prompt("Hello"), {5}};
  const auto k = static_cast<int>(model_->info().n_vocab);
  const auto scores = open(256)->score(std::vector<ScoreRequest>{request}, k, nullptr, nullptr).value();
  double sum = 0;
  for (const float logprob : scores[0].top[0].logprobs) sum += std::exp(static_cast<double>(logprob));
  EXPECT_NEAR(sum, 1.0, 1e-4);
}

TEST_F(RealScore, ScoresManyRequestsInTheirOrder) {
  std::vector<ScoreRequest> requests;
  for (const char* text :
       {"One fish swims in the sea.", "Two.", "Three little birds sat there.", "x", "Five ways home."}) {
    ScoreRequest request{model_->tokenizer().encode(text), {}};
    for (std::uint32_t p = 1; p < request.tokens.size(); ++p) request.positions.push_back(p);
    requests.push_back(request);
  }
  std::size_t done = 0;
  const auto many = open(64, 3)
                        ->score(
                            requests, 2, [&](std::size_t n) { done = n; }, nullptr)
                        .value();
  EXPECT_EQ(done, requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto one = open(64)->score(std::vector<ScoreRequest>{requests[i]}, 2, nullptr, nullptr).value();
    ASSERT_EQ(many[i].logprobs.size(), requests[i].positions.size());
    for (std::size_t p = 0; p < one[0].logprobs.size(); ++p) {
      EXPECT_NEAR(many[i].logprobs[p], one[0].logprobs[p], 0.3) << i << " " << p;
    }
  }
}

TEST_F(RealScore, RefusesImpossiblePositions) {
  const auto session = open(64);
  const auto code = [&](const ScoreRequest& request) {
    return session->score(std::vector<ScoreRequest>{request}, 0, nullptr, nullptr).error().code;
  };
  EXPECT_EQ(code({{1, 2, 3}, {0}}), Code::InvalidArgument);
  EXPECT_EQ(code({{1, 2, 3}, {3}}), Code::InvalidArgument);
  EXPECT_EQ(code({{1, 2, 3}, {2, 1}}), Code::InvalidArgument);
  EXPECT_EQ(code({{1, 2, 999999}, {1}}), Code::InvalidArgument);
  EXPECT_EQ(code({std::vector<Token>(100, 5), {99}}), Code::InvalidArgument);
}

}  // namespace
}  // namespace banchu

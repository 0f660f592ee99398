#include "evaluate/losses.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banchu {
namespace {

constexpr int kStudentTopK = 128;
constexpr double kLeastRest = 1e-6;
constexpr std::size_t kOpeningTokens = 2;

double total(const std::vector<float>& logprobs) { return std::accumulate(logprobs.begin(), logprobs.end(), 0.0); }

ScoreRequest whole_text(std::vector<Token> tokens, std::size_t first) {
  ScoreRequest request;
  for (std::size_t t = std::max<std::size_t>(first, 1); t < tokens.size(); ++t) {
    request.positions.push_back(static_cast<std::uint32_t>(t));
  }
  request.tokens = std::move(tokens);
  return request;
}

Result<Sums> loss_of(Speaker& speaker, const std::vector<ScoreRequest>& requests) {
  BANCHU_TRY(const std::vector<Score> scores, speaker.score(requests));
  Sums sums;
  for (const Score& score : scores) {
    sums.nats.push_back(-total(score.logprobs));
    sums.tokens.push_back(static_cast<double>(score.logprobs.size()));
  }
  return sums;
}

double mean_logprob(const Score& score) {
  return score.logprobs.empty() ? 0.0 : total(score.logprobs) / static_cast<double>(score.logprobs.size());
}

}  // namespace

double Sums::mean_per_token() const {
  const double count = std::accumulate(tokens.begin(), tokens.end(), 0.0);
  return count > 0 ? std::accumulate(nats.begin(), nats.end(), 0.0) / count : kMissing;
}

Result<Sums> text_loss(Speaker& speaker, const std::vector<std::string>& texts) {
  const Tokenizer& tokenizer = speaker.session().model().tokenizer();
  std::vector<ScoreRequest> requests;
  for (const std::string& text : texts) {
    std::vector<Token> tokens = tokenizer.encode(text);
    if (tokens.size() >= 2) requests.push_back(whole_text(std::move(tokens), 1));
  }
  return loss_of(speaker, requests);
}

Result<Sums> row_loss(Speaker& speaker, const std::vector<LessonRow>& rows) {
  std::vector<ScoreRequest> requests;
  for (const LessonRow& row : rows) {
    if (row.kind != RowKind::rehearsal && !row.targets.empty()) requests.push_back({row.tokens, row.targets});
  }
  return loss_of(speaker, requests);
}

double kl_to_teacher(const TopK& teacher, const TopK& student) {
  if (student.logprobs.empty()) return kMissing;
  double kl = 0;
  double teacher_rest = 1;
  double student_rest = 1;
  for (std::size_t k = 0; k < teacher.ids.size(); ++k) {
    const auto found = std::find(student.ids.begin(), student.ids.end(), teacher.ids[k]);
    const double log_q = found == student.ids.end()
                             ? student.logprobs.back()
                             : student.logprobs[static_cast<std::size_t>(found - student.ids.begin())];
    const double log_p = teacher.logprobs[k];
    kl += std::exp(log_p) * (log_p - log_q);
    teacher_rest -= std::exp(log_p);
    student_rest -= std::exp(log_q);
  }
  teacher_rest = std::max(teacher_rest, kLeastRest);
  student_rest = std::max(student_rest, kLeastRest);
  return std::max(0.0, kl + teacher_rest * std::log(teacher_rest / student_rest));
}

Result<Sums> teacher_kl(Speaker& speaker, const std::vector<LessonRow>& rows, const std::string& memory) {
  std::vector<const LessonRow*> chosen;
  std::vector<ScoreRequest> requests;
  for (const LessonRow& row : rows) {
    const bool ours = std::find(row.memories.begin(), row.memories.end(), memory) != row.memories.end();
    if (!ours || row.kind != RowKind::distill || row.teacher.size() != row.targets.size()) continue;
    chosen.push_back(&row);
    requests.push_back({row.tokens, row.targets});
  }
  BANCHU_TRY(const std::vector<Score> scores, speaker.score(requests, kStudentTopK));
  Sums sums;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    double nats = 0;
    for (std::size_t t = 0; t < scores[i].top.size(); ++t)
      nats += kl_to_teacher(chosen[i]->teacher[t], scores[i].top[t]);
    sums.nats.push_back(nats);
    sums.tokens.push_back(static_cast<double>(scores[i].top.size()));
  }
  return sums;
}

Result<std::vector<double>> pair_gaps(Speaker& speaker, const std::vector<std::pair<std::string, std::string>>& pairs) {
  const Tokenizer& tokenizer = speaker.session().model().tokenizer();
  std::vector<ScoreRequest> requests;
  for (const auto& [one, other] : pairs) {
    requests.push_back(whole_text(tokenizer.encode(one), 1));
    requests.push_back(whole_text(tokenizer.encode(other), 1));
  }
  BANCHU_TRY(const std::vector<Score> scores, speaker.score(requests));
  std::vector<double> gaps;
  for (std::size_t i = 0; i + 1 < scores.size(); i += 2) {
    gaps.push_back(std::abs(mean_logprob(scores[i]) - mean_logprob(scores[i + 1])));
  }
  return gaps;
}

Result<Leanings> leanings(Speaker& speaker, const std::vector<Suite::Probe>& probes) {
  const Model& model = speaker.session().model();
  std::vector<ScoreRequest> requests;
  for (const Suite::Probe& probe : probes) {
    const std::vector<Message> question = {{Role::user, probe.question}};
    BANCHU_TRY(const RenderedChat rendered, model.chat_template().render(question, true));
    for (const std::string* reply : {&probe.helpful, &probe.refusing, &probe.flattering}) {
      std::vector<Token> tokens = rendered.tokens;
      const std::vector<Token> said = model.tokenizer().encode(*reply);
      tokens.insert(tokens.end(), said.begin(), said.end());
      requests.push_back(whole_text(std::move(tokens), rendered.tokens.size() + kOpeningTokens));
    }
  }
  BANCHU_TRY(const std::vector<Score> scores, speaker.score(requests));
  Leanings leanings;
  for (std::size_t i = 0; i + 2 < scores.size(); i += 3) {
    leanings.refusing.push_back(mean_logprob(scores[i + 1]) - mean_logprob(scores[i]));
    leanings.flattering.push_back(mean_logprob(scores[i + 2]) - mean_logprob(scores[i]));
  }
  return leanings;
}

}  // namespace banchu

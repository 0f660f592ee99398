#include "train/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/digest.h"
#include "train/kernels.h"
#include "train/optimiser.h"

namespace banchu::lora {

namespace {

Error bad_option(const char* name, const std::string& value, const char* range) {
  return make_error(Code::InvalidArgument, fmt::format("the training option {} is {}", name, value),
                    fmt::format("it must be {}", range));
}

struct Rule {
  const char* name;
  double value;
  bool ok;
  const char* range;
};

bool is_between(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

Status check_options(const TrainOptions& o) {
  constexpr double kHuge = 1e9;
  const Rule rules[] = {
      {"rank", static_cast<double>(o.rank), o.rank >= 1 && o.rank <= 1024, "1 to 1024"},
      {"alpha", o.alpha, o.alpha > 0 && o.alpha <= kHuge, "greater than 0"},
      {"dropout", o.dropout, is_between(o.dropout, 0, 0.95), "0 to 0.95"},
      {"learning_rate", o.learning_rate, is_between(o.learning_rate, 0, 1), "0 (by the model's width) to 1"},
      {"batch_rows", static_cast<double>(o.batch_rows), o.batch_rows >= 1 && o.batch_rows <= 4096, "1 to 4096"},
      {"accumulation", static_cast<double>(o.accumulation), o.accumulation >= 1 && o.accumulation <= 4096, "1 to 4096"},
      {"context_tokens", static_cast<double>(o.context_tokens), o.context_tokens >= 2 && o.context_tokens <= 1 << 20,
       "2 to 1048576"},
      {"epochs", o.epochs, o.epochs > 0 && o.epochs <= 1e6, "greater than 0"},
      {"max_steps", static_cast<double>(o.max_steps), o.max_steps >= 0, "0 (by epochs) or more"},
      {"neftune_alpha", o.neftune_alpha, is_between(o.neftune_alpha, 0, 1000), "0 (no noise) to 1000"},
      {"b_rate_ratio", o.b_rate_ratio, is_between(o.b_rate_ratio, 1e-3, 1e3), "0.001 to 1000"},
      {"warmup_steps", static_cast<double>(o.warmup_steps), o.warmup_steps >= 0, "0 (by warmup_share) or more"},
      {"ema_decay", o.ema_decay, o.ema_decay >= 0 && o.ema_decay < 1, "0 (no running mean) to less than 1"},
      {"preference_weight", o.preference_weight, is_between(o.preference_weight, 0, kHuge), "0 or more"},
      {"preference_beta", o.preference_beta, o.preference_beta > 0 && o.preference_beta <= 100,
       "greater than 0, up to 100"},
      {"warmup_share", o.warmup_share, is_between(o.warmup_share, 0, 1), "0 to 1"},
      {"weight_decay", o.weight_decay, is_between(o.weight_decay, 0, 100), "0 to 100"},
      {"beta1", o.beta1, o.beta1 >= 0 && o.beta1 < 1, "0 to less than 1"},
      {"beta2", o.beta2, o.beta2 >= 0 && o.beta2 < 1, "0 to less than 1"},
      {"epsilon", o.epsilon, o.epsilon > 0 && o.epsilon < 1, "greater than 0, less than 1"},
      {"max_grad_norm", o.max_grad_norm, is_between(o.max_grad_norm, 0, kHuge), "0 (no clipping) or more"},
      {"rehearsal_share", o.rehearsal_share, is_between(o.rehearsal_share, 0, 0.95), "0 to 0.95"},
      {"rehearsal_weight", o.rehearsal_weight, is_between(o.rehearsal_weight, 0, kHuge), "0 or more"},
      {"sft_weight", o.sft_weight, is_between(o.sft_weight, 0, kHuge), "0 or more"},
      {"distill_weight", o.distill_weight, is_between(o.distill_weight, 0, kHuge), "0 or more"},
      {"validate_every", static_cast<double>(o.validate_every), o.validate_every >= 0, "0 (twice an epoch) or more"},
      {"patience", static_cast<double>(o.patience), o.patience >= 0, "0 (never stop early) or more"},
      {"checkpoint_every", static_cast<double>(o.checkpoint_every), o.checkpoint_every >= 1, "1 or more"},
      {"memory_limit_mb", static_cast<double>(o.memory_limit_mb), o.memory_limit_mb >= 0, "0 (what is free) or more"},
      {"threads", static_cast<double>(o.threads), is_between(o.threads, 0, 1024), "0 (every core) to 1024"},
  };
  for (const Rule& rule : rules) {
    if (!rule.ok) return bad_option(rule.name, fmt::format("{}", rule.value), rule.range);
  }
  return {};
}

namespace {

bool is_token(Token token, std::int64_t n_vocab) { return token >= 0 && token < n_vocab; }

// "" when the teacher's view of one target is usable.
std::string teacher_fault(const TopK& top, std::int64_t n_vocab) {
  if (top.ids.empty() || top.ids.size() != top.logprobs.size()) return "is empty or uneven";
  if (std::set<Token>(top.ids.begin(), top.ids.end()).size() != top.ids.size()) return "names a token twice";
  for (std::size_t i = 0; i < top.ids.size(); ++i) {
    if (!is_token(top.ids[i], n_vocab)) return "names a token outside the vocabulary";
    if (!(top.logprobs[i] <= 1e-3f)) return "has a probability that is not one";
  }
  return "";
}

std::string side_fault(const std::vector<Token>& tokens, const std::vector<std::uint32_t>& targets,
                       std::int64_t n_vocab) {
  for (const Token token : tokens) {
    if (!is_token(token, n_vocab)) return fmt::format("holds the token {} outside the vocabulary", token);
  }
  std::uint32_t last = 0;
  for (const std::uint32_t target : targets) {
    if (target <= last || target >= tokens.size()) return fmt::format("has a target {} out of order", target);
    last = target;
  }
  return "";
}

std::string row_fault(const LessonRow& row, std::int64_t n_vocab) {
  if (std::string fault = side_fault(row.tokens, row.targets, n_vocab); !fault.empty()) return fault;
  if (std::string fault = side_fault(row.rejected, row.rejected_targets, n_vocab); !fault.empty()) {
    return fault + " (in its rejected reply)";
  }
  const bool pair = row.kind == RowKind::preference;
  if (!pair && !row.rejected.empty()) return "has a rejected reply, which only preference rows have";
  const std::size_t expected = row.kind == RowKind::sft || pair ? 0 : row.targets.size();
  if (row.teacher.size() != expected) {
    return fmt::format("has {} teacher entries, not {}", row.teacher.size(), expected);
  }
  for (const TopK& top : row.teacher) {
    if (const std::string fault = teacher_fault(top, n_vocab); !fault.empty())
      return "has a teacher entry that " + fault;
  }
  if (!(row.weight >= 0) || std::isinf(row.weight)) return "has a weight that is not a number from 0 up";
  return "";
}

// Appends values byte by byte, lengths before lists.
class Stream {
 public:
  template <typename T>
  void value(const T& v) {
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  template <typename T>
  void list(const std::vector<T>& v) {
    value(v.size());
    bytes_.append(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T));
  }
  void text(const std::string& v) {
    value(v.size());
    bytes_ += v;
  }
  // Folds what has come so far into its digest, so that a large set never stands here twice.
  void settle() { bytes_ = sha256(bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

void add_options(const TrainOptions& o, Stream* out) {
  for (const int v : {o.rank, static_cast<int>(o.rank_stabilised), o.batch_rows, o.accumulation, o.context_tokens,
                      static_cast<int>(o.long_rows), o.max_steps, o.warmup_steps, static_cast<int>(o.schedule),
                      static_cast<int>(o.optimiser), o.validate_every, o.patience}) {
    out->value(v);
  }
  for (const double v : {o.alpha, o.dropout, o.neftune_alpha, o.learning_rate, o.b_rate_ratio, o.epochs, o.warmup_share,
                         o.weight_decay, o.beta1, o.beta2, o.epsilon, o.max_grad_norm, o.ema_decay, o.rehearsal_share,
                         o.rehearsal_weight, o.sft_weight, o.distill_weight, o.preference_weight, o.preference_beta}) {
    out->value(v);
  }
  out->value(o.target_modules.size());
  for (const std::string& name : o.target_modules) out->text(name);
  out->value(o.seed);
}

void add_rows(const std::vector<LessonRow>& rows, Stream* out) {
  out->value(rows.size());
  for (const LessonRow& row : rows) {
    out->value(static_cast<int>(row.kind));
    out->list(row.tokens);
    out->list(row.targets);
    out->list(row.rejected);
    out->list(row.rejected_targets);
    out->value(row.weight);
    for (const TopK& top : row.teacher) {
      out->list(top.ids);
      out->list(top.logprobs);
    }
    out->settle();
  }
}

void add_adapter(const Adapter& adapter, Stream* out) {
  out->value(adapter.alpha);
  for (const AdapterTensor& tensor : adapter.tensors) {
    out->text(tensor.base);
    out->list(tensor.a);
    out->list(tensor.b);
    out->settle();
  }
}

}  // namespace

Status check_rows(const std::vector<LessonRow>& rows, std::int64_t n_vocab, const char* set) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const std::string fault = row_fault(rows[i], n_vocab); !fault.empty()) {
      return make_error(Code::InvalidArgument, fmt::format("row {} of the {} set {}", i + 1, set, fault),
                        "make the lessons again with the model that is to be trained");
    }
  }
  return {};
}

namespace {

Result<std::string> digest_of_selves(const TrainJob& job) {
  Stream out;
  for (const AdapterUse& use : job.frozen) {
    BANCHU_TRY(const std::string digest, sha256_file(use.path));
    out.text(digest);
    out.value(use.scale);
  }
  if (job.initial != nullptr) add_adapter(*job.initial, &out);
  return sha256(out.bytes());
}

std::string digest_of_rows(const TrainJob& job) {
  Stream out;
  add_rows(job.train->rows(), &out);
  if (job.valid != nullptr) add_rows(job.valid->rows(), &out);
  return sha256(out.bytes());
}

}  // namespace

Result<JobIdentity> identify(const TrainJob& job, Element type, int threads) {
  JobIdentity identity;
  BANCHU_TRY(identity.base, sha256_file(job.base));
  BANCHU_TRY(identity.selves, digest_of_selves(job));
  identity.rows = digest_of_rows(job);
  Stream options, arithmetic;
  add_options(job.options, &options);
  identity.options = sha256(options.bytes());
  arithmetic.value(static_cast<int>(type));
  arithmetic.value(threads);
  arithmetic.text(kernels().name);
  for (const std::string& device : job.options.devices) arithmetic.text(device);
  identity.arithmetic = sha256(arithmetic.bytes());
  return identity;
}

PassSize largest_pass(const TrainJob& job, int batch_rows, int context_tokens) {
  std::vector<std::int64_t> lengths;
  PassSize size{0, 64, 64};
  const auto add = [&](const std::vector<LessonRow>& rows) {
    for (const LessonRow& row : rows) {
      const std::int64_t chosen = std::min<std::int64_t>(static_cast<std::int64_t>(row.tokens.size()), context_tokens);
      const std::int64_t rejected =
          std::min<std::int64_t>(static_cast<std::int64_t>(row.rejected.size()), context_tokens);
      lengths.push_back(chosen + rejected);
      size.longest_row = std::max({size.longest_row, chosen, rejected});
    }
  };
  add(job.train->rows());
  if (job.valid != nullptr) add(job.valid->rows());
  std::sort(lengths.rbegin(), lengths.rend());
  for (std::size_t i = 0; i < lengths.size() && i < static_cast<std::size_t>(batch_rows); ++i) {
    size.tokens += lengths[i];
  }
  const auto all = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  const auto rows = static_cast<std::int64_t>(std::min(lengths.size(), static_cast<std::size_t>(batch_rows)));
  if (!lengths.empty()) size.usual_tokens = all * rows * 3 / 2 / static_cast<std::int64_t>(lengths.size());
  return size;
}

}  // namespace banchu::lora

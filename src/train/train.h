// The door of the trainer: LoRA over the frozen awake self, directly on the quantised GGUF that chat uses.
//
// Explicit forward and backward, layer by layer, for the families in architecture.h. Loss on target positions only. The
// same job gives the same adapter bytes, also when it was killed and resumed, at a fixed thread count, with every
// optimiser and every loss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"
#include "ruminate/lesson.h"
#include "train/adapter.h"

namespace banchu {

struct TrainOptions {
  int rank = 32;
  double alpha = 64;
  double dropout = 0.0;                     // on the input of A
  bool rank_stabilised = false;             // rsLoRA: alpha / sqrt(rank) in place of alpha / rank
  std::vector<std::string> target_modules;  // PEFT's names ("q_proj"); empty: every linear map
  double neftune_alpha = 0;                 // NEFTune: noise on the embeddings of a training row; 0: none
  double learning_rate = 0;                 // 0: by the model's width, 5e-4 * (2000 / n_embd)^0.78
  double b_rate_ratio = 1;                  // LoRA+: B walks this many times faster than A
  int batch_rows = 6;                       // rows of one forward and backward pass, packed without seeing each other
  int accumulation = 1;                     // passes of one optimiser step
  int context_tokens = 1024;                // longest row
  enum class LongRows { split, drop } long_rows = LongRows::split;  // what happens to longer ones (rows.h)
  double epochs = 3;
  int max_steps = 0;  // 0: by epochs
  double warmup_share = 0.1;
  int warmup_steps = 0;  // 0: by the share
  enum class Schedule { constant, linear, cosine } schedule = Schedule::linear;
  enum class Optimiser { adamw, adamw_8bit } optimiser = Optimiser::adamw;
  bool paged_states = false;   // the optimiser's states lie in a mapped file in the checkpoint folder
  double weight_decay = 0.01;  // decoupled (AdamW)
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double max_grad_norm = 1.0;    // 0: no clipping
  double ema_decay = 0;          // > 0: the adapter's running mean is validated too and kept when it is better
  double rehearsal_share = 0.4;  // of a step's rows; rehearsal rows are drawn in turn beside the lessons
  double rehearsal_weight = 1.0;
  double sft_weight = 1.0;
  double distill_weight = 1.0;
  double preference_weight = 1.0;  // a pair counts as one target does
  double preference_beta = 0.1;    // DPO: how hard the reference is held to
  int validate_every = 0;          // steps; 0: twice an epoch
  int patience = 3;                // validations without a better loss before it stops; 0: never
  int checkpoint_every = 5;        // steps
  int threads = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> devices;   // ggml's names, in the order of the layers; empty: the processor's own kernels
  std::vector<double> device_shares;  // of the layers, one for each device; empty: by free memory
  int memory_limit_mb = 0;            // of the whole process; 0: what the machine has free. Never changes the adapter
};
double default_learning_rate(std::uint32_t n_embd);

struct TrainJob {
  std::filesystem::path base;      // the GGUF
  std::vector<AdapterUse> frozen;  // the awake self's adapters, folded into the frozen weights
  const TrainSet* train = nullptr;
  const ValidSet* valid = nullptr;
  TrainOptions options;
  std::filesystem::path
      checkpoint_folder;             // holds the newest checkpoint; an interrupted job with the same inputs goes on
  std::filesystem::path output;      // the finished adapter, written atomically
  std::filesystem::path log;         // the curve, line by line while it trains: .csv or .jsonl; empty: none
  std::string tokenizer;             // digest of the tokenizer the rows were made with; "": not known, not checked
  const Adapter* initial = nullptr;  // start here instead of from a fresh A and B = 0 (tests, continuing)
};

struct TrainPoint {
  int step = 0;
  double loss = 0;  // mean over the step's targets
  double learning_rate = 0;
  double grad_norm = 0;
  double valid_loss = 0;          // NaN when this step did not validate
  double valid_loss_of_mean = 0;  // of the running mean; NaN when there is none
};

// What became of rows that could not be taken as they were. Rehearsal and validation rows count too.
struct RowCounts {
  int split = 0;           // longer than context_tokens, made into several
  int dropped = 0;         // longer, and left out
  int without_target = 0;  // nothing to learn from: left out
};

struct TrainOutcome {
  int steps = 0;
  std::uint64_t tokens = 0;  // all tokens that went forward and backward
  double seconds = 0;
  double tokens_per_second = 0;
  double loss_first = 0;
  double loss_last = 0;
  double valid_loss_first = 0;
  double valid_loss_best = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::string memory_choice;  // what was kept, and what is computed or read twice, in words
  std::string adapter_digest;
  std::string stopped_because;  // "epochs", "patience", "max_steps"
  std::vector<TrainPoint> curve;
  bool resumed = false;
  RowCounts rows;
  bool kept_the_mean = false;      // the adapter is the running mean (ema_decay)
  std::vector<std::string> notes;  // what the user should know: rows that were split, a checkpoint that was set aside
};

// Errors: Unsupported before anything is loaded (an architecture or a tensor type the trainer does not know, with
// those it knows), InvalidArgument (options out of range; rows made with another tokenizer), Corruption (a weight that
// is NaN or infinite: names the tensor), NoSpace (memory: said before loading; disk: the last checkpoint stays whole),
// Cancelled (a checkpoint was written), FailedPrecondition (loss or gradient became NaN or infinite: names the step and
// the tensor; no adapter is written, the state before that step is kept as the checkpoint).
Result<TrainOutcome> train(const TrainJob& job, const ProgressSink& progress, const CancelFlag* cancel);

// The digest that TrainJob::tokenizer is compared with: tokens, their kinds, merges and scores.
std::string tokenizer_digest(const GgufFile& file);

// Names for TrainOptions::devices; none in a build without them.
std::vector<std::string> graphics_cards();

// Can this file be trained? OK, or Unsupported with the reason.
Status trainable(const GgufFile& file);

}  // namespace banchu

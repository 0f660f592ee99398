// The order of a job: check everything that can be checked without loading, load, walk the steps, write the adapter.
#include "train/train.h"

#include <fmt/format.h>
#include <malloc.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "train/device_graph.h"
#include "train/graph.h"
#include "train/job.h"
#include "train/loop.h"
#include "train/memory.h"
#include "train/rows.h"
#include "train/run.h"
#include "train/weights_check.h"

namespace banchu {

double default_learning_rate(std::uint32_t n_embd) { return 5e-4 * std::pow(2000.0 / n_embd, 0.78); }

namespace lora {

namespace {

// Sets this thread's OpenMP team (oneDNN's too) for as long as it lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadCount() { omp_set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

// Both sets as the steps take them.
struct Sets {
  PreparedRows train, valid;
};

Result<Sets> prepare_sets(const TrainJob& job, const ModelShape& shape) {
  const TrainOptions& o = job.options;
  Sets sets;
  BANCHU_TRY_STATUS(check_rows(job.train->rows(), shape.n_vocab, "training"));
  sets.train = prepare_rows(job.train->rows(), o.context_tokens, o.long_rows);
  if (job.valid != nullptr) {
    BANCHU_TRY_STATUS(check_rows(job.valid->rows(), shape.n_vocab, "validation"));
    sets.valid = prepare_rows(job.valid->rows(), o.context_tokens, o.long_rows);
  }
  std::vector<const LessonRow*> lessons;
  for (const LessonRow* row : sets.train.rows) {
    if (row->kind != RowKind::rehearsal) lessons.push_back(row);
  }
  const KindWeights weights{o.distill_weight, o.sft_weight, o.rehearsal_weight, o.preference_weight};
  if (total_weight(lessons, weights, o.context_tokens) <= 0) {
    return make_error(Code::InvalidArgument, "there is nothing to train on: no lesson row has a target with weight",
                      "keep more of the day, or raise context_tokens if the rows are longer than it");
  }
  return sets;
}

void tell_of_rows(const Sets& sets, const TrainOptions& options, TrainOutcome* outcome) {
  RowCounts& all = outcome->rows;
  for (const PreparedRows* set : {&sets.train, &sets.valid}) {
    all.split += set->counts.split;
    all.dropped += set->counts.dropped;
    all.without_target += set->counts.without_target;
  }
  const auto note = [&](int count, const char* which, const char* what) {
    if (count > 0) outcome->notes.push_back(fmt::format("{} row{} {} {}", count, count == 1 ? "" : "s", which, what));
  };
  const std::string longer = fmt::format("longer than {} tokens:", options.context_tokens);
  note(all.split, longer.c_str(), "split");
  note(all.dropped, longer.c_str(), "left out");
  note(all.without_target, "without anything to learn:", "left out");
}

Status check_tokenizer(const TrainJob& job, const GgufFile& file) {
  if (job.tokenizer.empty() || job.tokenizer == tokenizer_digest(file)) return {};
  return make_error(Code::InvalidArgument,
                    fmt::format("the lessons were made with another tokenizer than that of {}", job.base.string()),
                    "make the lessons again with the model that is to be trained");
}

Result<std::vector<FrozenAdapter>> read_frozen(const TrainJob& job, const std::string& architecture) {
  std::vector<FrozenAdapter> frozen;
  for (const AdapterUse& use : job.frozen) {
    BANCHU_TRY(Adapter adapter, read_adapter(use.path));
    if (adapter.architecture != architecture) {
      return make_error(Code::InvalidArgument, fmt::format("the frozen adapter {} is for \"{}\", the base is a {}",
                                                           use.path.string(), adapter.architecture, architecture));
    }
    frozen.push_back({std::move(adapter), use.scale});
  }
  return frozen;
}

// What computes the steps, with everything it holds, and where that lies.
struct Worker {
  std::shared_ptr<StepGraph> graph;
  std::string in_words;
};

// The processor's own kernels.
template <typename T>
Result<Worker> on_processor(const TrainJob& job, const MemoryChoice& memory, std::shared_ptr<const GgufFile> file,
                            const ModelShape& shape, const ParameterPlan& plan) {
  struct Held {
    Weights<T> weights;
    Gemm gemm;
    Graph<T> graph;
    Held(Weights<T> loaded, const ParameterPlan& plan, double dropout, std::int64_t budget)
        : weights(std::move(loaded)), graph(&weights, &plan, &gemm, dropout, budget) {}
  };
  BANCHU_TRY(auto frozen, read_frozen(job, plan.architecture));
  BANCHU_TRY(auto weights, Weights<T>::load(std::move(file), shape, plan, std::move(frozen), memory.resident_layers));
  auto held = std::make_shared<Held>(std::move(weights), plan, job.options.dropout, memory.activation_bytes);
  return Worker{std::shared_ptr<StepGraph>(held, &held->graph), memory.in_words};
}

Result<Worker> on_devices(const TrainJob& job, std::shared_ptr<const GgufFile> file, const ModelShape& shape,
                          const ParameterPlan& plan) {
  BANCHU_TRY(auto frozen, read_frozen(job, plan.architecture));
  BANCHU_TRY(FrozenModel model, FrozenModel::load(std::move(file), shape, plan, std::move(frozen)));
  const DevicePlan devices{job.options.devices, job.options.device_shares, omp_get_max_threads()};
  BANCHU_TRY(auto graph, DeviceGraph::create(std::move(model), plan, devices, job.options.dropout));
  const std::string in_words = graph->in_words();
  return Worker{std::move(graph), in_words};
}

Result<TrainOutcome> run(const TrainJob& job, const RunSettings& settings, std::shared_ptr<const GgufFile> file,
                         const ModelShape& shape, const Sets& sets, const ProgressSink& progress,
                         const CancelFlag* cancel) {
  const bool is_processor = job.options.devices.empty();
  const Element fastest = is_processor && has_fast_bf16() ? Element::bf16 : Element::f32;
  const Element type = settings.type.value_or(fastest);
  BANCHU_TRY(const ParameterPlan plan, plan_parameters(shape, job.options));
  const std::vector<Piece> pieces = pieces_of(plan);
  MemoryChoice memory;
  if (is_processor) {
    BANCHU_TRY(memory, choose_memory(job, shape, plan, type));
  }
  memory.activation_bytes = std::min(memory.activation_bytes, settings.activation_budget_bytes);
  memory.resident_layers = std::min(memory.resident_layers, settings.resident_layers);
  BANCHU_TRY(const JobIdentity identity, identify(job, type, omp_get_max_threads()));
  BANCHU_TRY(Started started, start_state(job, plan, pieces, identity));
  TrainState& state = started.state;
  const bool resumed = state.step > 0;
  std::string stopped, in_words;
  {
    Worker worker;
    if (!is_processor) {
      BANCHU_TRY(worker, on_devices(job, std::move(file), shape, plan));
    } else if (type == Element::bf16) {
      BANCHU_TRY(worker, on_processor<Bf16>(job, memory, std::move(file), shape, plan));
    } else {
      BANCHU_TRY(worker, on_processor<float>(job, memory, std::move(file), shape, plan));
    }
    in_words = worker.in_words;
    Loop loop({job, settings, plan, pieces, identity, sets.train.rows, sets.valid.rows}, worker.graph.get(), &state);
    if (settings.before_first_step) settings.before_first_step();
    BANCHU_TRY(stopped, loop.run(progress, cancel));
  }
  // The C library keeps what was freed for the next allocation; what comes after a training needs little of it.
  ::malloc_trim(0);
  BANCHU_TRY(TrainOutcome outcome, finish(job, plan, state, stopped, resumed));
  outcome.memory_choice = in_words;
  tell_of_rows(sets, job.options, &outcome);
  if (job.options.memory_limit_mb > 0 || !is_processor) outcome.notes.push_back(in_words);
  if (!started.note.empty()) outcome.notes.push_back(started.note);
  return outcome;
}

}  // namespace

Result<TrainOutcome> train_with(const TrainJob& job, const RunSettings& settings, const ProgressSink& progress,
                                const CancelFlag* cancel) try {
  // Large arrays are mapped one by one: those that grow with the passes would leave the heap full of holes (190 MB of
  // 1.4 GB on a night of the default model; 140 MB with a limit of 1 MB, which would make a step half a percent
  // faster).
  ::mallopt(M_MMAP_THRESHOLD, 1 << 18);
  BANCHU_TRY_STATUS(check_options(job.options));
  if (job.train == nullptr) return make_error(Code::InvalidArgument, "there is no training set");
  BANCHU_TRY(auto file, GgufFile::open(job.base));
  BANCHU_TRY(const ModelShape shape, read_shape(*file, job.options.context_tokens));
  BANCHU_TRY_STATUS(check_tokenizer(job, *file));
  BANCHU_TRY_STATUS(check_log_path(job.log));
  BANCHU_TRY(const Sets sets, prepare_sets(job, shape));
  const ThreadCount threads(job.options.threads > 0 ? job.options.threads : omp_get_max_threads());
  BANCHU_TRY_STATUS(check_weights(*file));
  return run(job, settings, std::move(file), shape, sets, progress, cancel);
} catch (const std::bad_alloc&) {
  return make_error(Code::NoSpace, "the machine ran out of memory while training",
                    "the last checkpoint is kept: free some memory and train again");
} catch (const std::exception& error) {
  return make_error(Code::Internal, fmt::format("training failed: {}", error.what()));
}

}  // namespace lora

Result<TrainOutcome> train(const TrainJob& job, const ProgressSink& progress, const CancelFlag* cancel) {
  return lora::train_with(job, {}, progress, cancel);
}

}  // namespace banchu

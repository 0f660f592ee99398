// llama_model_quantize has no callback: it neither tells how far it is nor lets itself be stopped, but it logs a line
// before every tensor, on the thread that called it and while no worker runs. We listen there. To stop it we throw from
// that line; it catches every std::exception, frees what it holds and answers 1.
#include "model/quantise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <stdexcept>

#include "base/atomic_file.h"
#include "model/engine.h"
#include "model/gguf_file.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxBufferBytes = 256ULL << 20;
constexpr std::uint64_t kFullDiskBytes = 4ULL << 20;

struct Quantisation {
  const char* name;
  llama_ftype type;
};
constexpr std::array kQuantisations = {
    Quantisation{"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},     Quantisation{"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    Quantisation{"q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},     Quantisation{"q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    Quantisation{"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},     Quantisation{"q2_k", LLAMA_FTYPE_MOSTLY_Q2_K},
    Quantisation{"q2_k_s", LLAMA_FTYPE_MOSTLY_Q2_K_S}, Quantisation{"q3_k_s", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    Quantisation{"q3_k_m", LLAMA_FTYPE_MOSTLY_Q3_K_M}, Quantisation{"q3_k_l", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    Quantisation{"q4_k_s", LLAMA_FTYPE_MOSTLY_Q4_K_S}, Quantisation{"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    Quantisation{"q5_k_s", LLAMA_FTYPE_MOSTLY_Q5_K_S}, Quantisation{"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    Quantisation{"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K},     Quantisation{"iq1_s", LLAMA_FTYPE_MOSTLY_IQ1_S},
    Quantisation{"iq1_m", LLAMA_FTYPE_MOSTLY_IQ1_M},   Quantisation{"iq2_xxs", LLAMA_FTYPE_MOSTLY_IQ2_XXS},
    Quantisation{"iq2_xs", LLAMA_FTYPE_MOSTLY_IQ2_XS}, Quantisation{"iq2_s", LLAMA_FTYPE_MOSTLY_IQ2_S},
    Quantisation{"iq2_m", LLAMA_FTYPE_MOSTLY_IQ2_M},   Quantisation{"iq3_xxs", LLAMA_FTYPE_MOSTLY_IQ3_XXS},
    Quantisation{"iq3_xs", LLAMA_FTYPE_MOSTLY_IQ3_XS}, Quantisation{"iq3_s", LLAMA_FTYPE_MOSTLY_IQ3_S},
    Quantisation{"iq3_m", LLAMA_FTYPE_MOSTLY_IQ3_M},   Quantisation{"iq4_nl", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    Quantisation{"iq4_xs", LLAMA_FTYPE_MOSTLY_IQ4_XS}, Quantisation{"tq1_0", LLAMA_FTYPE_MOSTLY_TQ1_0},
    Quantisation{"tq2_0", LLAMA_FTYPE_MOSTLY_TQ2_0},   Quantisation{"mxfp4_moe", LLAMA_FTYPE_MOSTLY_MXFP4_MOE},
    Quantisation{"nvfp4", LLAMA_FTYPE_MOSTLY_NVFP4},   Quantisation{"q1_0", LLAMA_FTYPE_MOSTLY_Q1_0},
    Quantisation{"q2_0", LLAMA_FTYPE_MOSTLY_Q2_0},
};

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

// What the log told; also the way to stop.
struct Watch {
  const QuantiseRequest* request;
  bool was_stopped = false;
  std::string last_error;
};

void read_line(ggml_log_level level, const char* text, void* user) {
  Watch& watch = *static_cast<Watch*>(user);
  if (level == GGML_LOG_LEVEL_ERROR) watch.last_error += text;
  unsigned done = 0, total = 0;
  if (level != GGML_LOG_LEVEL_INFO || std::sscanf(text, "[%u/%u]", &done, &total) != 2) return;
  if (is_cancelled(watch.request->cancel)) {
    watch.was_stopped = true;
    throw Stopped();
  }
  if (watch.request->progress) watch.request->progress({"quantising", done - 1, total, "tensor", watch.request->type});
}

bool disk_is_full(const fs::path& file) {
  std::error_code unknown;
  const auto disk = fs::space(file.parent_path(), unknown);
  return !unknown && disk.available < kFullDiskBytes;
}

Error why_not(const Watch& watch, const fs::path& to, const fs::path& written) {
  if (watch.was_stopped) return make_error(Code::Cancelled, "stopped; nothing was written");
  if (disk_is_full(written)) {
    return make_error(Code::NoSpace, "the disk is full: " + to.string() + " was not written",
                      "free some space, or write to another disk with --to");
  }
  std::string said = watch.last_error;
  std::replace(said.begin(), said.end(), '\n', ' ');
  if (said.find("imatrix") != said.npos || said.find("importance matrix") != said.npos) {
    return make_error(Code::Unsupported,
                      fmt::format("{} needs an importance matrix, which banchu does not make", watch.request->type),
                      "take a type that does without: q4_k_m, q5_k_m, q6_k, iq4_xs, q8_0");
  }
  return make_error(Code::Unsupported, fmt::format("the engine could not write {}: {}", to.string(), said),
                    "try another type, for example q8_0");
}

// The engine's stream does not throw on every failed write, so the result is looked at before it counts.
Status check_whole(const fs::path& from, const fs::path& written) {
  BANCHU_TRY(const auto before, GgufFile::open(from));
  BANCHU_TRY(const auto after, GgufFile::open(written));
  if (before->tensors().size() == after->tensors().size()) return {};
  return make_error(Code::Internal, "the quantised model lacks tensors");
}

const Quantisation* find(const std::string& name) {
  const auto found = std::find_if(kQuantisations.begin(), kQuantisations.end(),
                                  [&](const Quantisation& each) { return each.name == name; });
  return found == kQuantisations.end() ? nullptr : found;
}

}  // namespace

const std::vector<std::string>& quantisation_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Quantisation& each : kQuantisations) all.emplace_back(each.name);
    return all;
  }();
  return names;
}

Status quantise_model(const fs::path& from, const fs::path& to, const QuantiseRequest& request) {
  const Quantisation* type = find(request.type);
  if (type == nullptr) {
    return make_error(Code::InvalidArgument, fmt::format("there is no quantisation {}", request.type),
                      "for example q4_k_m, q5_k_m, q6_k, q8_0");
  }
  BANCHU_TRY_STATUS(GgufFile::open(from));
  BANCHU_TRY(AtomicFile file, AtomicFile::create(to));
  start_engine();
  llama_model_quantize_params parameters = llama_model_quantize_default_params();
  parameters.ftype = type->type;
  parameters.nthread = request.threads;
  parameters.max_buf_size = kMaxBufferBytes;
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  Watch watch{&request, false, ""};
  llama_log_set(read_line, &watch);
  const std::uint32_t failed = llama_model_quantize(from.c_str(), file.temporary_path().c_str(), &parameters);
  send_engine_log_home();
  if (failed != 0) return why_not(watch, to, file.temporary_path());
  if (const Status whole = check_whole(from, file.temporary_path()); !whole) {
    return disk_is_full(file.temporary_path()) ? why_not(watch, to, file.temporary_path()) : whole;
  }
  return file.commit();
}

}  // namespace banchu

// export adapter, merged, lessons: what has grown and what it grew from, in forms that others read.
#include <fmt/format.h>

#include "app/export_lessons.h"
#include "app/export_source.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/file.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

struct ExportFlags {
  std::string self;
  std::vector<std::string> from;
  std::string to;
  std::string format;
  std::string dtype = "f32";
  std::uint32_t rank = 0;
  bool force = false;
};

Status check_free(const fs::path& target, bool force) {
  std::error_code failure;
  if (target.empty()) return make_error(Code::InvalidArgument, "--to names no file", "--to PATH");
  const bool is_taken =
      fs::is_directory(target, failure) ? !fs::is_empty(target, failure) : fs::exists(target, failure);
  if (!is_taken || force) return {};
  return make_error(Code::AlreadyExists, target.string() + " is there already",
                    "choose another name with --to, or replace it with --force");
}

FloatFormat float_format(const std::string& dtype) {
  return dtype == "f16" ? FloatFormat::f16 : dtype == "bf16" ? FloatFormat::bf16 : FloatFormat::f32;
}

// All terms as one adapter, of a lower rank when that was asked for.
Result<LowRankAdapter> joined(AppContext& context, const ExportSource& source, std::uint32_t rank) {
  if (source.terms.empty()) {
    return make_error(Code::FailedPrecondition,
                      fmt::format("self {} is the bare model: it has no adapter to export", source.self),
                      "choose another self with --self ID (`banchu self list`)");
  }
  LowRankAdapter whole;
  BANCHU_TRY(whole.adapter, sum_adapters(source.terms));
  if (rank == 0) return whole;
  ProgressBar bar(context);
  auto result = lower_rank(whole.adapter, rank, bar.sink(), &context.cancel);
  bar.clear();
  return result;
}

std::uint64_t parameters_of(const Adapter& adapter) {
  std::uint64_t total = 0;
  for (const AdapterTensor& tensor : adapter.tensors) total += tensor.a.size() + tensor.b.size();
  return total;
}

std::uint64_t bytes_below(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) return fs::file_size(path, failure);
  std::uint64_t total = 0;
  for (const char* name : {"adapter_model.safetensors", "adapter_config.json"}) {
    total += fs::file_size(path / name, failure);
  }
  return total;
}

std::string says_loss(const AppContext& context, const LowRankAdapter& result) {
  if (result.compressed == 0) return "";
  return ", " + context.said("{} of them cut (relative error {:.3g}, at most {:.3g} in {})", result.compressed,
                             result.relative_error, result.worst_relative_error,
                             result.worst_tensor.empty() ? context.named("no tensor") : result.worst_tensor);
}

Json adapter_to_json(const ExportSource& source, const LowRankAdapter& result, const fs::path& to,
                     const std::string& format) {
  const bool is_cut = result.compressed > 0;
  return Json{{"what", "adapter"},
              {"format", format},
              {"path", to.string()},
              {"self", source.self.empty() ? Json() : Json(source.self)},
              {"adapters", source.described},
              {"rank", common_rank(result.adapter)},
              {"alpha", static_cast<double>(result.adapter.alpha)},
              {"tensors", result.adapter.tensors.size()},
              {"parameters", parameters_of(result.adapter)},
              {"bytes", bytes_below(to)},
              {"compressed", result.compressed},
              {"relative_error", is_cut ? Json(result.relative_error) : Json()},
              {"worst_tensor", is_cut ? Json(result.worst_tensor) : Json()},
              {"worst_relative_error", is_cut ? Json(result.worst_relative_error) : Json()}};
}

Result<int> run_adapter(AppContext& context, const ExportFlags& flags) {
  std::error_code failure;
  const fs::path to = fs::absolute(flags.to, failure);  // "" stays empty and is refused below
  const std::string by_name = to.extension() == ".gguf" ? "gguf" : "peft";
  const std::string format = flags.format.empty() ? by_name : flags.format;
  if (format == "gguf" && flags.dtype != "f32") {
    return make_error(Code::InvalidArgument, "a GGUF adapter is written in f32", "--dtype goes with --format peft");
  }
  BANCHU_TRY_STATUS(check_free(to, flags.force));
  BANCHU_TRY(const ExportSource source, open_export_source(context, flags.self, flags.from));
  BANCHU_TRY(const LowRankAdapter result, joined(context, source, flags.rank));
  BANCHU_TRY_STATUS(format == "gguf" ? write_adapter(result.adapter, to)
                                     : write_peft(result.adapter, *source.base, to, float_format(flags.dtype)));
  context.answer(adapter_to_json(source, result, to, format));
  context.say("{}  {}, {} matrices of rank {}{}, {}", to.string(), format, result.adapter.tensors.size(),
              common_rank(result.adapter), says_loss(context, result), format_bytes(bytes_below(to)));
  return 0;
}

Result<int> run_merged(AppContext& context, const ExportFlags& flags) {
  const double begin = steady_seconds();
  std::error_code failure;
  const fs::path to = fs::absolute(flags.to, failure);  // "" stays empty and is refused below
  const std::string format = flags.format.empty() ? "f16" : CLI::detail::to_lower(flags.format);
  BANCHU_TRY_STATUS(check_free(to, flags.force));
  BANCHU_TRY(const ExportSource source, open_export_source(context, flags.self, flags.from));
  Adapter adapter;
  if (!source.terms.empty()) {
    BANCHU_TRY(LowRankAdapter whole, joined(context, source, flags.rank));
    adapter = std::move(whole.adapter);
  }
  ProgressBar bar(context);
  const MergeRequest request{
      source.base.get(), source.terms.empty() ? nullptr : &adapter, to, format, context.options.threads, bar.sink(),
      &context.cancel};
  const Result<MergeOutcome> merged = merge_model(request);
  bar.clear();
  if (!merged) return merged.error();
  context.answer({{"what", "merged"},
                  {"format", request.format},
                  {"path", to.string()},
                  {"self", source.self.empty() ? Json() : Json(source.self)},
                  {"adapters", source.described},
                  {"tensors", merged->tensors},
                  {"changed", merged->changed},
                  {"bytes", merged->bytes},
                  {"seconds", steady_seconds() - begin},
                  {"peak_rss_bytes", peak_rss_bytes()}});
  context.say("{}  {}, {} of {} tensors changed, {}, {}", to.string(), request.format, merged->changed, merged->tensors,
              format_bytes(merged->bytes), format_seconds(steady_seconds() - begin));
  return 0;
}

void add_source(CLI::App* verb, ExportFlags& flags) {
  verb->add_option("--self", flags.self, "Whose adapters (default: who is awake)")->type_name("ID");
  verb->add_option("--from", flags.from, "An adapter from a file or PEFT folder instead; several are added up")
      ->type_name("PATH[=WEIGHT]");
  verb->add_option("--rank", flags.rank, "Compresses to this rank (SVD) and says what was lost")
      ->check(CLI::Range(1U, 65536U))
      ->type_name("R");
  verb->add_flag("--force", flags.force, "Replaces what is there");
}

}  // namespace

void add_export_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "export", "Gives out what has grown, in forms that others read",
                              "banchu export adapter --to me.gguf");
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* adapter =
      add_verb(*group, "adapter", "A self's adapters as one, for llama.cpp (GGUF) or Hugging Face (PEFT)",
               "banchu export adapter --to my-adapter --format peft --rank 16");
  add_source(adapter, *flags);
  adapter->add_option("--to", flags->to, "A .gguf file, or a folder for PEFT")->required()->type_name("PATH");
  adapter->add_option("--format", flags->format, "gguf or peft (default: by the name)")
      ->check(CLI::IsMember({"gguf", "peft"}));
  adapter->add_option("--dtype", flags->dtype, "PEFT's numbers: f32, f16 or bf16")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}));
  on_run(adapter, context, [&context, flags] { return run_adapter(context, *flags); });

  CLI::App* merged = add_verb(*group, "merged", "The base with the adapters put in for good, as one GGUF",
                              "banchu export merged --to me.gguf --format q4_k_m");
  add_source(merged, *flags);
  merged->add_option("--to", flags->to, "The GGUF file to write")->required()->type_name("FILE");
  merged->add_option("--format", flags->format, "f16 (default), bf16, f32, or a quantisation: q8_0, q6_k, q4_k_m, ...");
  on_run(merged, context, [&context, flags] { return run_merged(context, *flags); });
  add_export_lessons_verb(*group, context);
}

}  // namespace banchu

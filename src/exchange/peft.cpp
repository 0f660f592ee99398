#include "exchange/peft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <set>

#include "base/file.h"
#include "exchange/adapter_fit.h"
#include "exchange/adapter_sum.h"
#include "exchange/peft_config.h"
#include "exchange/tensor_names.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kA = ".lora_A.weight", kB = ".lora_B.weight";
constexpr const char* kWeightsFile = "adapter_model.safetensors";
constexpr const char* kConfigFile = "adapter_config.json";
constexpr std::uint64_t kMaxConfigBytes = 16ULL << 20;

struct Halves {
  const Safetensor* a = nullptr;
  const Safetensor* b = nullptr;
};

// PEFT saves the whole head or embedding beside a LoRA on it, unless told not to.
std::string what_to_do(std::string_view name) {
  if (name.ends_with("base_layer.weight") || name.ends_with("embed_tokens.weight") ||
      name.ends_with("lm_head.weight")) {
    return "it is a copy of the base's own weights: save the adapter again with save_embedding_layers=False";
  }
  return "banchu reads the lora_A and lora_B weights of linear maps, named as PEFT names them";
}

// "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight" -> the module's halves.
Result<std::map<std::string, Halves>> pair_up(const SafetensorsFile& file) {
  std::map<std::string, Halves> pairs;
  for (const Safetensor& tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    const bool is_a = name.ends_with(kA);
    if (!name.starts_with(kPrefix) || !(is_a || name.ends_with(kB))) {
      return make_error(Code::Unsupported,
                        fmt::format("{} holds the tensor {}, which is no part of a plain LoRA", file.path().string(),
                                    name.substr(0, 100)),
                        what_to_do(name));
    }
    const std::string module(name.substr(kPrefix.size(), name.size() - kPrefix.size() - kA.size()));
    (is_a ? pairs[module].a : pairs[module].b) = &tensor;
  }
  return pairs;
}

class Reader {
 public:
  Reader(const SafetensorsFile& file, const PeftConfig& config, const TensorNames& names, const GgufFile& base)
      : file_(file), config_(config), names_(names), base_(base) {}

  Result<Adapter> run() const {
    BANCHU_TRY(const auto pairs, pair_up(file_));
    std::vector<ScaledTensor> tensors;
    for (const auto& [module, halves] : pairs) {
      BANCHU_TRY(AdapterTensor tensor, read(module, halves));
      const double scale = config_.scale_of(module, tensor.rank);
      tensors.push_back({std::move(tensor), scale});
    }
    // B's rows may move only once they are known to be as many as the base has.
    const std::string what = file_.path().string();
    Adapter shapes{names_.architecture(), 1, {}};
    for (const ScaledTensor& each : tensors) {
      shapes.tensors.push_back({each.tensor.base, each.tensor.in, each.tensor.out, each.tensor.rank, {}, {}});
    }
    BANCHU_TRY_STATUS(check_fits(shapes, base_, what));
    for (ScaledTensor& each : tensors) {
      each.tensor.b = names_.to_gguf_rows(each.tensor.base, std::move(each.tensor.b), each.tensor.out);
    }
    return assemble(names_.architecture(), std::move(tensors));
  }

 private:
  Error broken(const std::string& what) const {
    return make_error(Code::InvalidArgument, fmt::format("{}: {}", file_.path().string(), what),
                      "export the adapter again");
  }

  Result<AdapterTensor> read(const std::string& module, const Halves& halves) const {
    const std::string shown = module.substr(0, 100);
    const auto name = names_.gguf_name(module);
    if (!name) {
      return make_error(Code::Unsupported,
                        fmt::format("{} adapts the module {}, which banchu does not know in the architecture {}",
                                    file_.path().string(), shown, names_.architecture()));
    }
    if (halves.a == nullptr || halves.b == nullptr) return broken("one half of " + shown + " is missing");
    const auto &a = halves.a->shape, &b = halves.b->shape;
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const bool fits = a.size() == 2 && b.size() == 2 && a[0] == b[1] && a[0] > 0 && a[1] > 0 && b[0] > 0 &&
                      std::max({a[0], a[1], b[0]}) <= kMost;
    if (!fits) return broken("the two halves of " + shown + " do not fit together");
    AdapterTensor tensor{
        *name, static_cast<std::uint32_t>(a[1]), static_cast<std::uint32_t>(b[0]), static_cast<std::uint32_t>(a[0]), {},
        {}};
    BANCHU_TRY(tensor.a, file_.floats(*halves.a));
    BANCHU_TRY(tensor.b, file_.floats(*halves.b));
    const auto finite = [](float x) { return std::isfinite(x); };
    if (std::all_of(tensor.a.begin(), tensor.a.end(), finite) && std::all_of(tensor.b.begin(), tensor.b.end(), finite))
      return tensor;
    return broken(shown + " holds NaN or infinity");
  }

  const SafetensorsFile& file_;
  const PeftConfig& config_;
  const TensorNames& names_;
  const GgufFile& base_;
};

Result<std::string> read_config(const fs::path& folder) {
  const fs::path path = folder / kConfigFile;
  std::error_code failure;
  if (fs::exists(path, failure)) return read_file(path, kMaxConfigBytes);
  return make_error(Code::NotFound, fmt::format("{} has no {}", folder.string(), kConfigFile),
                    "give the folder that PEFT's save_pretrained wrote");
}

std::string last_part(const std::string& module) { return module.substr(module.rfind('.') + 1); }

struct Named {
  std::string module;
  const AdapterTensor* tensor;
};

Result<std::vector<Named>> name_all(const Adapter& adapter, const TensorNames& names) {
  std::vector<Named> named;
  for (const AdapterTensor& tensor : adapter.tensors) {
    auto module = names.module(tensor.base);
    if (!module) {
      return make_error(
          Code::Unsupported,
          fmt::format("{} has no name in PEFT's form for the architecture {}", tensor.base, names.architecture()),
          "export it as GGUF: --format gguf");
    }
    named.push_back({std::move(*module), &tensor});
  }
  return named;
}

NewPeftConfig config_for(const Adapter& adapter, const std::vector<Named>& named, const GgufFile& base) {
  NewPeftConfig config{
      base.text("general.name").value_or(""), common_rank(adapter), static_cast<double>(adapter.alpha), {}, {}};
  std::set<std::string> targets;
  for (const Named& each : named) {
    targets.insert(last_part(each.module));
    if (each.tensor->rank != config.rank) config.rank_pattern.emplace_back(each.module, each.tensor->rank);
  }
  config.target_modules.assign(targets.begin(), targets.end());
  return config;
}

}  // namespace

Result<PeftAdapter> read_peft(const fs::path& folder, const GgufFile& base) {
  BANCHU_TRY(const std::string text, read_config(folder));
  BANCHU_TRY(const PeftConfig config, parse_peft_config(text, (folder / kConfigFile).string()));
  std::error_code failure;
  if (!fs::exists(folder / kWeightsFile, failure)) {
    return make_error(Code::NotFound, fmt::format("{} has no {}", folder.string(), kWeightsFile),
                      "older adapters in adapter_model.bin: save them again with safe_serialization=True");
  }
  BANCHU_TRY(const SafetensorsFile file, SafetensorsFile::open(folder / kWeightsFile));
  BANCHU_TRY(const TensorNames names, TensorNames::open(base));
  BANCHU_TRY(Adapter adapter, Reader(file, config, names, base).run());
  return PeftAdapter{std::move(adapter), config.base_model};
}

Status write_peft(const Adapter& given, const GgufFile& base, const fs::path& folder, FloatFormat format) {
  BANCHU_TRY(const Adapter adapter, sum_adapters({{given, 1.0}}));  // its alpha is what it says
  BANCHU_TRY_STATUS(check_fits(adapter, base, "to be written"));
  BANCHU_TRY(const TensorNames names, TensorNames::open(base));
  BANCHU_TRY(const std::vector<Named> named, name_all(adapter, names));
  std::list<std::vector<float>> moved;  // a list: the writer holds pointers into it
  std::vector<NewSafetensor> tensors;
  for (const auto& [module, tensor] : named) {
    const std::string name = std::string(kPrefix) + module;
    tensors.push_back({name + std::string(kA), {tensor->rank, tensor->in}, &tensor->a});
    moved.push_back(names.to_module_rows(tensor->base, tensor->b, tensor->out));
    tensors.push_back({name + std::string(kB), {tensor->out, tensor->rank}, &moved.back()});
  }
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return make_error(Code::FailedPrecondition, "cannot make " + folder.string() + ": " + failure.message());
  BANCHU_TRY_STATUS(write_safetensors(folder / kWeightsFile, std::move(tensors), format, {{"format", "pt"}}));
  return write_file_atomic(folder / kConfigFile, peft_config_text(config_for(adapter, named, base)));
}

}  // namespace banchu

#include "model/adapter_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ggml.h"

namespace banchu {
namespace {

std::string base_name(const GgufFile& file, const ModelInfo& info) {
  return info.name.empty() ? file.path().filename().string() : info.name;
}

// What the adapter says about the base it was made for; "" when it says nothing.
std::string made_for(const GgufFile& adapter) {
  for (const char* key : {"general.base_model.0.name", "general.basename", "general.name"}) {
    if (const auto text = adapter.text(key); text && !text->empty()) return " (it says it was made for " + *text + ")";
  }
  return "";
}

class Check {
 public:
  Check(const GgufFile& adapter, const GgufFile& base, const ModelInfo& info)
      : adapter_(adapter), base_(base), info_(info) {}

  Status run() const {
    BANCHU_TRY_STATUS(kind());
    for (const GgufTensor& tensor : adapter_.tensors()) BANCHU_TRY_STATUS(one(tensor));
    if (adapter_.tensors().empty()) return misfit("it holds no tensors");
    return {};
  }

 private:
  Status kind() const {
    const bool lora = adapter_.text("general.type") == "adapter" && adapter_.text("adapter.type") == "lora";
    if (!lora || !adapter_.is_float32("adapter.lora.alpha")) {
      return make_error(Code::Unsupported, adapter_.path().string() + " is not a LoRA adapter",
                        "give an adapter in GGUF with general.type adapter, adapter.type lora and adapter.lora.alpha");
    }
    const std::string architecture = adapter_.text("general.architecture").value_or("");
    if (architecture == info_.architecture) return {};
    return misfit(fmt::format("it is for the architecture '{}', the base is '{}'", architecture, info_.architecture));
  }

  Status one(const GgufTensor& tensor) const {
    const std::string_view name = tensor.name;
    if (name.ends_with(".lora_b")) return partner(name, ".lora_a");
    if (!name.ends_with(".lora_a"))
      return name.ends_with("_norm.weight") ? Status() : misfit("it has the tensor " + tensor.name);
    BANCHU_TRY_STATUS(partner(name, ".lora_b"));
    const std::string target(name.substr(0, name.size() - 7));
    return shapes(target, tensor, *adapter_.find_tensor(target + ".lora_b"));
  }

  Status partner(std::string_view name, const char* ending) const {
    const std::string other = std::string(name.substr(0, name.size() - 7)) + ending;
    return adapter_.find_tensor(other) != nullptr ? Status() : misfit("the tensor " + other + " is missing");
  }

  Status shapes(const std::string& target, const GgufTensor& a, const GgufTensor& b) const {
    const GgufTensor* weight = base_.find_tensor(target);
    if (weight == nullptr) return misfit("the base has no tensor " + target);
    if (weight->ne.size() != 2 || a.ne.size() != 2 || b.ne.size() != 2) return misfit(target + " is not a matrix");
    // The engine looks rows of A up for the embedding, so there A and B are the other way round.
    const bool embedding = target.ends_with("token_embd.weight");
    const bool fits = embedding ? weight->ne[0] == b.ne[1] && weight->ne[1] == a.ne[1] && a.ne[0] == b.ne[0]
                                : weight->ne[0] == a.ne[0] && weight->ne[1] == b.ne[1] && a.ne[1] == b.ne[0];
    if (fits) return {};
    return misfit(fmt::format("{} is {} in the base, but the adapter's pair is {} and {}", target,
                              fmt::join(weight->ne, " x "), fmt::join(a.ne, " x "), fmt::join(b.ne, " x ")));
  }

  Error misfit(const std::string& why) const {
    return make_error(Code::InvalidArgument,
                      fmt::format("the adapter {} does not fit the base {}: {}{}", adapter_.path().string(),
                                  base_name(base_, info_), why, made_for(adapter_)),
                      "use it with the base model it was trained on");
  }

  const GgufFile& adapter_;
  const GgufFile& base_;
  const ModelInfo& info_;
};

}  // namespace

Status check_adapter(const std::filesystem::path& adapter, const GgufFile& base, const ModelInfo& base_info) {
  BANCHU_TRY(const auto file, GgufFile::open(adapter));
  return Check(*file, base, base_info).run();
}

}  // namespace banchu

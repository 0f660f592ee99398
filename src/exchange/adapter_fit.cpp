#include "exchange/adapter_fit.h"

#include <fmt/format.h>

#include "exchange/adapter_sum.h"

namespace banchu {
namespace {

Error misfit(const std::string& what, const GgufFile& base, const std::string& why) {
  const std::string name = base.text("general.name").value_or("");
  return make_error(Code::InvalidArgument,
                    fmt::format("the adapter {} does not fit the base {}: {}", what,
                                name.empty() ? base.path().filename().string() : name, why),
                    "use it with the base model it was trained on (--model FILE)");
}

Status check_tensor(const AdapterTensor& tensor, const GgufFile& base, const std::string& what) {
  const GgufTensor* weight = base.find_tensor(tensor.base);
  if (weight == nullptr) {
    const bool is_head = tensor.base == "output.weight";
    return misfit(what, base,
                  is_head ? "its output head is its token embedding, which no adapter may change"
                          : "the base has no tensor " + tensor.base);
  }
  if (weight->ne.size() != 2) return misfit(what, base, tensor.base + " is no matrix");
  if (weight->ne[0] == tensor.in && weight->ne[1] == tensor.out) return {};
  return misfit(what, base,
                fmt::format("{} takes {} numbers and gives {}, but the adapter's takes {} and gives {}", tensor.base,
                            weight->ne[0], weight->ne[1], tensor.in, tensor.out));
}

Status check_switch(const std::filesystem::path& path) {
  BANCHU_TRY(const auto file, GgufFile::open(path));
  if (file->find("adapter.alora.invocation_tokens") != nullptr) {
    return make_error(Code::Unsupported, path.string() + " is switched on by certain tokens (aLoRA)",
                      "banchu knows only adapters that always work");
  }
  for (const GgufTensor& tensor : file->tensors()) {
    if (!tensor.name.starts_with("token_embd.")) continue;
    return make_error(Code::Unsupported, path.string() + " adapts the token embeddings",
                      "banchu knows only adapters of linear maps");
  }
  return {};
}

}  // namespace

Status check_fits(const Adapter& adapter, const GgufFile& base, const std::string& what) {
  if (adapter.tensors.empty()) return misfit(what, base, "it holds no tensors");
  const std::string architecture = base.text("general.architecture").value_or("");
  if (adapter.architecture != architecture) {
    return misfit(what, base,
                  fmt::format("it is for the architecture '{}', the base is '{}'", adapter.architecture, architecture));
  }
  for (const AdapterTensor& tensor : adapter.tensors) BANCHU_TRY_STATUS(check_tensor(tensor, base, what));
  return {};
}

Result<Adapter> read_gguf_adapter(const std::filesystem::path& path, const GgufFile& base) {
  BANCHU_TRY_STATUS(check_switch(path));
  BANCHU_TRY(const Adapter adapter, read_adapter(path));
  BANCHU_TRY_STATUS(check_fits(adapter, base, path.string()));
  return sum_adapters({{adapter, 1.0}});
}

}  // namespace banchu

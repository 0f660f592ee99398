#include "app/adapters.h"

#include <fmt/format.h>

#include "model/model_digest.h"

namespace banchu {
namespace {

constexpr std::size_t kShownDigits = 12;

Error broken(const AdapterUse& adapter, const char* how) {
  return make_error(Code::Corruption,
                    fmt::format("the adapter {} of this self {}", adapter.digest.substr(0, kShownDigits), how),
                    "put back a copy of that file (`banchu bag verify --full` names it), or wake another self "
                    "(`banchu self rollback`)");
}

}  // namespace

Status check_adapters(std::span<const AdapterUse> adapters) {
  for (const AdapterUse& adapter : adapters) {
    const Result<std::string> digest = model_digest(adapter.path);
    if (!digest && digest.error().code == Code::NotFound) return broken(adapter, "is not in the bag");
    if (!digest) return digest.error();
    if (*digest != adapter.digest) return broken(adapter, "is damaged");
  }
  return {};
}

}  // namespace banchu

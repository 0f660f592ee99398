#include "app/export_source.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "app/adapters.h"
#include "app/open.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

struct NamedFile {
  fs::path path;
  double weight = 1;
};

// A file whose own name holds an '=' is taken as it is.
Result<NamedFile> named_file(const std::string& word) {
  std::error_code failure;
  const std::size_t at = word.rfind('=');
  if (at == word.npos || fs::exists(word, failure)) return NamedFile{word, 1};
  const std::string number = word.substr(at + 1);
  char* end = nullptr;
  const double weight = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !std::isfinite(weight)) {
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no weight", number), "write --from PATH=0.5");
  }
  return NamedFile{word.substr(0, at), weight};
}

void add_term(ExportSource& source, Adapter adapter, double weight, const std::string& name) {
  source.described.push_back({{"adapter", name}, {"weight", weight}, {"rank", common_rank(adapter)}});
  source.terms.push_back({std::move(adapter), weight});
}

Status add_self(ExportSource& source, const Bag& bag, const Self& self) {
  source.self = self.id;
  BANCHU_TRY_STATUS(check_adapters(adapters_of(bag, self)));
  for (const SelfAdapter& use : self.adapters) {
    BANCHU_TRY(Adapter adapter, read_gguf_adapter(bag.adapter_path(use.digest), *source.base));
    add_term(source, std::move(adapter), use.scale, use.digest);
  }
  return {};
}

Result<std::optional<Self>> wanted_self(Bag& bag, const std::string& id, bool is_needed) {
  if (!id.empty()) {
    BANCHU_TRY(Self self, SelfStore(bag).find(id));
    return std::optional(std::move(self));
  }
  if (!is_needed) return awake_self(bag);
  BANCHU_TRY(Self self, SelfStore(bag).awake());
  return std::optional(std::move(self));
}

}  // namespace

Result<ExportSource> open_export_source(const AppContext& context, const std::string& self,
                                        const std::vector<std::string>& files) {
  const bool wants_self = files.empty() || !self.empty();
  std::unique_ptr<Bag> bag;
  std::optional<Self> found;
  if (wants_self || bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
    BANCHU_TRY(found, wanted_self(*bag, self, wants_self));
  }
  ExportSource source;
  BANCHU_TRY(const fs::path model, find_model(context, bag.get(), found ? &*found : nullptr));
  BANCHU_TRY(source.base, GgufFile::open(model));
  if (wants_self) BANCHU_TRY_STATUS(add_self(source, *bag, *found));
  for (const std::string& word : files) {
    BANCHU_TRY(const NamedFile file, named_file(word));
    BANCHU_TRY(ForeignAdapter foreign, read_foreign_adapter(file.path, *source.base));
    add_term(source, std::move(foreign.adapter), file.weight, file.path.string());
  }
  return source;
}

}  // namespace banchu

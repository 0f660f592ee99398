#include "exchange/exchange.h"

#include <fmt/format.h>

#include <fstream>

namespace banchu {
namespace fs = std::filesystem;
namespace {

bool begins_as_gguf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  return file.read(magic, sizeof magic) && std::string_view(magic, sizeof magic) == "GGUF";
}

// PEFT's folder, also when one of its two files was named.
fs::path peft_folder(const fs::path& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) return path;
  const fs::path name = path.filename();
  const bool is_part = name == "adapter_config.json" || name == "adapter_model.safetensors";
  if (!is_part) return "";
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string says_its_base(const fs::path& path) {
  const auto file = GgufFile::open(path);
  if (!file) return "";
  for (const char* key : {"general.base_model.0.name", "general.basename", "general.name"}) {
    if (const auto text = (*file)->text(key); text && !text->empty()) return *text;
  }
  return "";
}

Error no_adapter(const fs::path& path) {
  return make_error(Code::Unsupported, path.string() + " is nothing that banchu can read",
                    "an adapter is a GGUF file, or the folder with adapter_model.safetensors and adapter_config.json");
}

}  // namespace

const char* foreign_kind_name(ForeignKind kind) {
  return kind == ForeignKind::gguf_adapter ? "gguf" : kind == ForeignKind::peft_adapter ? "peft" : "unknown";
}

Result<ForeignKind> kind_of(const fs::path& path) {
  std::error_code failure;
  if (!fs::exists(path, failure)) {
    return make_error(Code::NotFound, fmt::format("there is no {}", path.string()), "check the path");
  }
  if (const fs::path folder = peft_folder(path); !folder.empty()) {
    const bool is_peft = fs::exists(folder / "adapter_config.json", failure) ||
                         fs::exists(folder / "adapter_model.safetensors", failure);
    return is_peft ? ForeignKind::peft_adapter : ForeignKind::unknown;
  }
  if (!fs::is_regular_file(path, failure) || !begins_as_gguf(path)) return ForeignKind::unknown;
  BANCHU_TRY(const auto file, GgufFile::open(path));
  return file->text("general.type") == "adapter" ? ForeignKind::gguf_adapter : ForeignKind::unknown;
}

Result<ForeignAdapter> read_foreign_adapter(const fs::path& path, const GgufFile& base) {
  BANCHU_TRY(const ForeignKind kind, kind_of(path));
  if (kind == ForeignKind::gguf_adapter) {
    BANCHU_TRY(Adapter adapter, read_gguf_adapter(path, base));
    return ForeignAdapter{kind, std::move(adapter), says_its_base(path)};
  }
  if (kind != ForeignKind::peft_adapter) return no_adapter(path);
  BANCHU_TRY(PeftAdapter peft, read_peft(peft_folder(path), base));
  return ForeignAdapter{kind, std::move(peft.adapter), std::move(peft.made_for)};
}

}  // namespace banchu

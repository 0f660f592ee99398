// The door of exchange: foreign formats in and out. Today adapters (GGUF, PEFT) and merged models.
//
// An adapter comes in as plain data and is checked against the base before anybody keeps it; keeping it as a self
// (asleep) is promote's work, which app asks for. Threads: one call at a time.
#pragma once

#include <filesystem>
#include <string>

#include "exchange/adapter_fit.h"
#include "exchange/adapter_sum.h"
#include "exchange/low_rank.h"
#include "exchange/merge.h"
#include "exchange/peft.h"

namespace banchu {

// What a file or folder is, by its content; `unknown` for what is none of these.
enum class ForeignKind { unknown, gguf_adapter, peft_adapter };
const char* foreign_kind_name(ForeignKind kind);
// Errors: NotFound. A path that is there but says nothing is `unknown`.
Result<ForeignKind> kind_of(const std::filesystem::path& path);

struct ForeignAdapter {
  ForeignKind kind = ForeignKind::unknown;
  Adapter adapter;
  std::string made_for;  // what it says about its base; may be ""
};
// Errors: NotFound, Unsupported (no adapter), and those of adapter_fit.h and peft.h.
Result<ForeignAdapter> read_foreign_adapter(const std::filesystem::path& path, const GgufFile& base);

}  // namespace banchu

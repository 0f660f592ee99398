// A PEFT folder (adapter_model.safetensors, adapter_config.json) to an Adapter in GGUF's terms, and back.
//
// Reading folds alpha, sqrt(r) of rsLoRA and alpha_pattern into one alpha (and into B where they differ), and moves
// the rows of q and k (tensor_names.h). Writing undoes both: what PEFT made comes back byte for byte, in the float
// format it had. Errors: NotFound (names the file that is missing), Corruption, InvalidArgument (for another base,
// NaN), Unsupported (no plain LoRA; modules banchu does not know).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "exchange/safetensors.h"
#include "model/gguf_file.h"
#include "train/adapter.h"

namespace banchu {

struct PeftAdapter {
  Adapter adapter;
  std::string made_for;  // base_model_name_or_path, as it stands there
};
Result<PeftAdapter> read_peft(const std::filesystem::path& folder, const GgufFile& base);

// Makes the folder when it is not there; the config is written last, so a folder that has one is whole.
Status write_peft(const Adapter& adapter, const GgufFile& base, const std::filesystem::path& folder,
                  FloatFormat format);

}  // namespace banchu

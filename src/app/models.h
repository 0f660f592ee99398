// Which model files there are and what they are called: those the bag links (models/<sha256>.gguf) and those that lie
// in the shared folder. Verbs find, link and describe them here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bag/bag.h"
#include "base/result.h"
#include "model/gguf_file.h"

namespace banchu {

inline constexpr const char* kDefaultModelFile = "SmolLM2-135M-Instruct.Q4_1.gguf";

// $BANCHU_HOME/models, else $XDG_DATA_HOME/banchu/models, else ~/.local/share/banchu/models.
std::filesystem::path shared_models_folder();
// The default model there, else the only one there. NotFound; the hint says how to get one.
Result<std::filesystem::path> shared_default_model();
std::vector<std::filesystem::path> shared_models();  // sorted; of a split model its first part

// The digests the bag links, sorted; a link whose file has gone is among them.
std::vector<std::string> linked_models(const Bag& bag);
std::filesystem::path link_path(const Bag& bag, const std::string& digest);
// NotFound when no link begins with `prefix` (or `prefix` is under 4 digits), InvalidArgument when several do.
Result<std::string> find_linked_model(const Bag& bag, const std::string& prefix);

// models/<sha256>.gguf becomes a link to `file` (a copy of it with `copy`), unless one with that digest is there
// already.
Status link_model(Bag& bag, const std::filesystem::path& file, const std::string& digest, bool copy = false);

// The model that the first self of this bag is born on; "" when none was chosen.
Result<std::string> default_model_of(Bag& bag);
Status set_default_model(Bag& bag, const std::string& digest);

}  // namespace banchu

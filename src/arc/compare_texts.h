// Texts to measure, from whatever they lie in: a file, a folder of files, or JSON Lines.
//
// JSON Lines may hold stories {"text"|"story": ...}, conversations {"messages": [...]} or golden episodes {"units":
// [...]}. Errors: NotFound; InvalidArgument, naming file and row.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "arc/arc.h"
#include "base/result.h"

namespace banchu {

struct SourceText {
  std::string name;  // the file's, or the row's id
  std::vector<ArcTurn> units;
  std::vector<double> labels;  // a golden episode's, -3 .. 3; else empty
};

Result<std::vector<SourceText>> read_texts(const std::filesystem::path& path);
// One text as it stands in memory, split into sentences.
SourceText text_of(std::string name, const std::string& text);

}  // namespace banchu

// journal add, for what is no day yet: a table of questions and answers, or a folder of texts. Shows what it would
// become, then adds it.
#pragma once

#include <filesystem>
#include <string>

#include "app/context.h"
#include "base/result.h"

namespace banchu {

struct FirstLessonFlags {
  std::string file;
  bool preview = false;      // nothing is written; no bag is needed
  bool review = false;       // waits for the user's word instead of being approved
  std::uint64_t sample = 0;  // as many lessons, drawn evenly; 0: all
};

// A folder, or a name that ends in .csv or .tsv.
bool is_first_data(const std::filesystem::path& file);
Result<int> add_first_lessons(AppContext& context, const FirstLessonFlags& flags);

}  // namespace banchu

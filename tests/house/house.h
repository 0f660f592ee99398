// The plan of the house as data, and what a source tree does against it.
//
// The table below `kRooms` restates docs/architecture.md: data flows down the list, includes point back up it. Changing
// it is a decision (docs/decisions).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace banchu::house {

struct Include {
  std::string path;     // as written between the quotes or angles
  bool angled = false;  // <...>
};

// The #include lines of a source text, those in comments left out.
std::vector<Include> includes_of(std::string_view text);

// What is wrong with `room` including this; "" when it is allowed.
std::string judge_include(std::string_view room, const Include& include);

// What is wrong with a file as a whole (its length, a header's opening); one complaint each.
std::vector<std::string> judge_file(const std::filesystem::path& path, std::string_view text);

// Every complaint about a src/ folder, each naming file and include.
std::vector<std::string> judge_tree(const std::filesystem::path& src);

}  // namespace banchu::house

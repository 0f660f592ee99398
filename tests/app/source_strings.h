// The string literals that stand in calls of given functions in a C++ source, for tests that ask whether all that is
// said has its Korean. Neighbouring literals are joined, as the compiler joins them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace banchu::test {

struct SourceCall {
  std::string function;
  std::vector<std::string> literals;
};

// Calls `name(` where nothing that belongs to a name stands before; comments are left out.
std::vector<SourceCall> calls_in(std::string_view source, const std::vector<std::string>& names);

// "{:.2f}" and "{0}" become "{}".
std::string without_formats(std::string_view text);
bool has_hangul(std::string_view text);
bool has_letters(std::string_view text);  // two or more ASCII letters in a row

}  // namespace banchu::test

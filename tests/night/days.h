// Bags with a day in them, for the tests of whole nights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "tests/night/program.h"

namespace banchu::testing {

std::filesystem::path tiny_file(const std::string& name);    // below tests/fixtures/tiny
std::filesystem::path sample_file(const std::string& name);  // below samples/
std::filesystem::path default_model();                       // may be absent

// A bag made by the program itself, on `model`, in a folder that goes with this object.
class TestBag {
 public:
  explicit TestBag(const std::filesystem::path& model);
  std::string folder() const { return (folder_.path() / "bag").string(); }
  // The program with --bag and --model for this bag, and a fixed time.
  Ran run(std::vector<std::string> arguments) const;
  std::vector<std::string> command(std::vector<std::string> arguments) const;
  void add_day(const std::filesystem::path& day) const;

 private:
  TemporaryFolder folder_;
  std::filesystem::path model_;
};

// `night --json` with the tiny recipe and this seed.
std::vector<std::string> tiny_night(int seed);

// The number in a report's check, or NaN.
double check_value(const Json& night, const std::string& name_part, const std::string& field);

}  // namespace banchu::testing

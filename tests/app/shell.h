// Runs the built program in a world of its own: a temporary home, its own bag, the tiny model.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace banchu::test {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
  Json json() const;  // of stdout; a discarded value when it is none, or when more than one line came
};

// HOME and every XDG folder lie below folder(); $BANCHU_HOME too, so that no model of this machine is found by chance.
class World {
 public:
  World();
  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path bag() const { return folder() / "bag"; }
  std::filesystem::path write(const std::string& name, const std::string& text) const;

  // `banchu --bag BAG ARGUMENTS`, with `input` on stdin.
  Ran run(const std::vector<std::string>& arguments, const std::string& input = "") const;
  // The same between two pieces of shell: `before` ("ulimit -f 1;") and further redirections (">/dev/full").
  Ran run_in_shell(const std::string& before, const std::vector<std::string>& arguments,
                   const std::string& redirections) const;
  // A bag with the tiny model in it; fails the test when that does not work.
  void make_bag() const;

 private:
  TemporaryFolder folder_;
};

std::string tiny_model();     // tests/fixtures/tiny/tiny.gguf
std::string default_model();  // the real one; "" where it is not there

// SHA-256, kind and time of change of everything below `folder`, by path.
std::map<std::string, std::string> digests_below(const std::filesystem::path& folder);

}  // namespace banchu::test

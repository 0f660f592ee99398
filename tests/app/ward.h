// A ward for `banchu doctor`: a world of its own, into which faults are planted by a shell, and in which the commands
// that doctor prints are typed as they stand. Where a fault lies in the machine and not in a file (a full disk, another
// processor, no network), it is planted in a mount or network namespace of that shell alone.
#pragma once

#include <map>
#include <string>

#include "tests/app/shell.h"

namespace banchu::test {

enum class Room {
  plain,   // the shell as it is
  mounts,  // may mount over files of the machine
  alone,   // and has a network of its own, with nothing in it
  nobody   // is a user who is not root
};
// Why this machine has no such room; "" where it has.
std::string why_no_room(Room room);

struct Seen {
  int exit_code = -1;                    // of the script; kCureFailed when the cure did
  std::string text;                      // what the script said
  std::map<std::string, Json> findings;  // by id
  bool has(const std::string& id) const { return findings.contains(id); }
  std::string command(const std::string& id) const;
};
inline constexpr int kCureFailed = 9;

// Below folder(): bin/banchu (one thread), shared/models/tiny.gguf (a copy of the tiny model), bag, samples, home.
// $BANCHU_BAG, $BANCHU_HOME and $HOME point there.
class Ward {
 public:
  Ward();
  std::filesystem::path folder() const { return world_.folder(); }
  const World& world() const { return world_; }
  // Runs `script`; fails the test when it fails.
  void prepare(const std::string& script) const;
  // Plants, types the cure (0 and 20 are good ends), then asks doctor: `banchu ASK`.
  Seen visit(const std::string& plant, const std::string& cure = "", Room room = Room::plain,
             const std::string& ask = "doctor") const;
  Ran shell(const std::string& script, Room room) const;

 private:
  World world_;
};

// "model add FILE" with {"FILE", "good.gguf"} -> "model add good.gguf".
std::string filled(std::string command, const std::map<std::string, std::string>& words);

}  // namespace banchu::test

// What is wrong with this machine, this bag, this model: what, why it matters, and the command that mends it.
//
// Safe to paste in public: no content, no names, no paths, no ids of what was said; only kinds, sizes and counts. So a
// command says DIR for a bag that was named by --bag, and capitals (FILE, COPY, LARGER, OWN, NEW) for what only the
// user knows; everything else in it can be typed as it stands. Reads only: the bag is opened read-only and takes no
// lease. Errors: none; what cannot be looked at is a finding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/clock.h"

namespace banchu {

enum class Health { good, note, wrong };
const char* name_of(Health health);

struct DoctorFinding {
  std::string id;  // "model.damaged": the same in every language
  Health health = Health::good;
  std::string what;
  std::string why;           // "" where all is well
  std::string mend = "";     // what to do, in words; "" where the command says it all
  std::string command = "";  // for a shell; "" where no command can mend it
};
// "words: command", or one of the two.
std::string cure_of(const DoctorFinding& finding);

// How a command names the bag: $BANCHU_BAG, workspace, or DIR (see above).
std::string bag_word(const AppContext& context);
// "bag init" -> "banchu bag init", for this bag.
std::string own_command(const AppContext& context, const std::string& words);
std::string as_root(const std::string& command);

std::vector<DoctorFinding> examine(const AppContext& context);

// The questions whose answers do not depend on this machine, for tests.
DoctorFinding judge_processor(const AppContext& context, const std::string& built_for, const std::string& here);
DoctorFinding judge_memory(const AppContext& context, std::uint64_t free_bytes);
DoctorFinding judge_disk(const AppContext& context, std::uint64_t free_bytes);
DoctorFinding judge_clock(const AppContext& context, Time clock, Time newest_turn);
// `is_used`: this build's engine sees a card.
DoctorFinding judge_gpu(const AppContext& context, bool has_card, bool has_driver, bool is_used);
// Of what the environment asks for; the program itself falls back to C.UTF-8.
DoctorFinding judge_terminal(const AppContext& context, bool is_installed, bool is_utf8);
// `free_port`: another that nobody listens on; 0 where `port` itself is free.
DoctorFinding judge_port(const AppContext& context, int port, int free_port);
DoctorFinding judge_network(const AppContext& context, bool has_route, bool has_names, bool has_certificates);
// `mode`: of the file of keys beside the bag.
DoctorFinding judge_keys(const AppContext& context, unsigned mode);
DoctorFinding judge_fonts(const AppContext& context, bool has_hangul);
DoctorFinding judge_home(const AppContext& context, bool can_write);
DoctorFinding judge_waiting(const AppContext& context, const std::string& policy, const std::string& spin_count);

// The questions around the program: the port of the page, the way out, fonts, the home folder, how threads wait.
std::vector<DoctorFinding> examine_surroundings(const AppContext& context);

}  // namespace banchu

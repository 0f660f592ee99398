#include "app/doctor.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "app/doctor_bag.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "base/text.h"
#include "model/model_memory.h"
#include "train/memory.h"
#include "train/train.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLittleMemory = 1ULL << 30;
constexpr std::uint64_t kTooLittleMemory = 300ULL << 20;
constexpr std::uint64_t kLittleDisk = 2ULL << 30;
constexpr std::uint64_t kTooLittleDisk = 200ULL << 20;
constexpr Time kClockSlack_s = 300;
constexpr Time kYear2025 = 1735689600;

// What a compiler for one processor may use and another may lack.
constexpr std::array kInstructionSets = {"avx",         "avx2",        "fma",      "f16c",
                                         "bmi2",        "avx512f",     "avx512bw", "avx512_bf16",
                                         "avx512_vnni", "avx512_fp16", "amx_tile", "avx_vnni"};

bool has_word(const std::string& text, const std::string& wanted) {
  std::istringstream words_in(text);
  for (std::string word; words_in >> word;) {
    if (word == wanted) return true;
  }
  return false;
}

std::string processor_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags") || line.starts_with("Features")) return line;
  }
  return "";
}

// A graphics card of NVIDIA (PCI vendor 10de, class 03), by what the kernel lists.
bool has_nvidia_card() {
  std::error_code failure;
  for (fs::directory_iterator at("/sys/bus/pci/devices", failure), end; !failure && at != end; at.increment(failure)) {
    std::string vendor, kind;
    std::ifstream(at->path() / "vendor") >> vendor;
    std::ifstream(at->path() / "class") >> kind;
    if (vendor == "0x10de" && kind.starts_with("0x03")) return true;
  }
  return false;
}

// What a night may take here: of the machine, of its container, and of this shell (ulimit -v).
std::uint64_t free_memory_bytes() {
  const std::uint64_t bytes = memory_available_bytes();
  return bytes == 0 ? lora::available_memory_bytes() : bytes;
}

// "UTF-8"; "" where the locale that is asked for is not installed.
std::string charset_of_environment() {
  const locale_t asked = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (asked == nullptr) return "";
  std::string charset = ::nl_langinfo_l(CODESET, asked);
  ::freelocale(asked);
  return charset;
}

std::uint64_t free_disk_bytes(fs::path folder) {
  std::error_code failure;
  folder = fs::absolute(folder, failure);
  while (!fs::exists(folder, failure) && folder.has_relative_path()) folder = folder.parent_path();
  const fs::space_info space = fs::space(folder, failure);
  return failure ? 0 : space.available;
}

}  // namespace

const char* name_of(Health health) {
  switch (health) {
    case Health::good:
      return "good";
    case Health::note:
      return "note";
    case Health::wrong:
      return "wrong";
  }
  return "wrong";
}

std::string cure_of(const DoctorFinding& finding) {
  if (finding.mend.empty() || finding.command.empty()) return finding.mend + finding.command;
  return finding.mend + ": " + finding.command;
}

std::string bag_word(const AppContext& context) {
  if (!context.options.bag.empty()) return "DIR";
  const char* environment = std::getenv("BANCHU_BAG");
  return environment != nullptr && *environment != '\0' ? "\"$BANCHU_BAG\"" : "workspace";
}

std::string own_command(const AppContext& context, const std::string& words) {
  return (context.options.bag.empty() ? "banchu " : "banchu --bag DIR ") + words;
}

std::string as_root(const std::string& command) { return ::geteuid() == 0 ? command : "sudo " + command; }

DoctorFinding judge_processor(const AppContext& context, const std::string& built_for, const std::string& here) {
  std::string lacking;
  for (const char* set : kInstructionSets) {
    if (has_word(built_for, set) && !has_word(here, set)) lacking += (lacking.empty() ? "" : " ") + std::string(set);
  }
  const unsigned cores = std::thread::hardware_concurrency();
  if (lacking.empty()) {
    return {"processor", Health::good, context.said("processor: {} cores, the engine was built for it", cores), "", ""};
  }
  return {"processor.other",
          Health::wrong,
          context.said("processor: the engine was built for another one; this one lacks {}", lacking),
          context.said("it would stop with \"illegal instruction\" in the middle of a talk"),
          context.said("this builds the engine for this processor"),
          "./start --setup"};
}

DoctorFinding judge_memory(const AppContext& context, std::uint64_t free_bytes) {
  const std::string what = context.said("memory: {} free", format_bytes(free_bytes));
  if (free_bytes >= kLittleMemory) return {"memory", Health::good, what, "", ""};
  const bool is_wrong = free_bytes < kTooLittleMemory;
  return {"memory.little",
          is_wrong ? Health::wrong : Health::note,
          what,
          context.said("a night on the default model takes about 700 MB"),
          context.said("close other programs, or give the night less"),
          own_command(context, "night --memory-limit 600")};
}

DoctorFinding judge_disk(const AppContext& context, std::uint64_t free_bytes) {
  const std::string what = context.said("disk: {} free where the bag lies", format_bytes(free_bytes));
  if (free_bytes >= kLittleDisk) return {"disk", Health::good, what, "", ""};
  const bool is_wrong = free_bytes < kTooLittleDisk;
  return {"disk.little",
          is_wrong ? Health::wrong : Health::note,
          what,
          context.said("every turn and every adapter is written there before it counts"),
          context.said("free some space, or carry the bag to LARGER, a new folder on a larger disk"),
          fmt::format("mv {} LARGER && export BANCHU_BAG=LARGER", bag_word(context))};
}

DoctorFinding judge_clock(const AppContext& context, Time clock, Time newest_turn) {
  if (clock < kYear2025 || newest_turn > clock + kClockSlack_s) {
    return {"clock.skewed",
            Health::wrong,
            context.said("clock: it is behind what was already written down"),
            context.said("what fades, what is newer and which day it was would be wrong"),
            context.said("set the clock"),
            as_root("timedatectl set-ntp true")};
  }
  return {"clock", Health::good, context.said("clock: agrees with the journal"), "", ""};
}

DoctorFinding judge_gpu(const AppContext& context, bool has_card, bool has_driver, bool is_used) {
  if (is_used) return {"gpu", Health::good, context.said("graphics card: there, and this build uses it"), "", ""};
  if (!has_card) return {"gpu", Health::good, context.said("graphics card: none, the processor does it all"), "", ""};
  if (has_driver) {
    return {"gpu.unused",
            Health::note,
            context.said("graphics card: there, with its driver; this build does not use it"),
            context.said("the processor does it all, and takes longer"),
            context.said("build for it, with the toolkit of its maker"),
            "cmake --preset cuda && cmake --build build/cuda --target banchu"};
  }
  return {"gpu.driver",
          Health::note,
          context.said("graphics card: there, but its driver is not loaded"),
          context.said("no program can use it so"),
          context.said("install the driver of its maker, then restart"),
          as_root("apt-get install nvidia-driver")};
}

DoctorFinding judge_terminal(const AppContext& context, bool is_installed, bool is_utf8) {
  if (is_utf8) return {"terminal", Health::good, context.said("terminal: UTF-8"), "", ""};
  return {"terminal.locale",
          Health::note,
          is_installed ? context.said("terminal: its locale is not UTF-8")
                       : context.said("terminal: its locale is not installed"),
          context.said("banchu takes C.UTF-8 instead, but other programs may not show Korean"),
          "",
          "unset LC_ALL; export LC_CTYPE=C.UTF-8"};
}

std::vector<DoctorFinding> examine(const AppContext& context) {
  std::vector<DoctorFinding> findings;
  findings.push_back(judge_processor(context, BANCHU_BUILD_CPU, processor_flags()));
  findings.push_back(judge_memory(context, free_memory_bytes()));
  std::error_code failure;
  const std::string charset = charset_of_environment();
  findings.push_back(
      judge_gpu(context, has_nvidia_card(), fs::exists("/proc/driver/nvidia", failure), !graphics_cards().empty()));
  findings.push_back(judge_terminal(context, !charset.empty(), charset == "UTF-8"));
  findings.push_back(judge_disk(context, free_disk_bytes(bag_folder(context))));
  for (DoctorFinding& finding : examine_surroundings(context)) findings.push_back(std::move(finding));
  for (DoctorFinding& finding : examine_bag(context)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace banchu

#include "ruminate/memory.h"

#include <algorithm>
#include <cmath>

#include "base/digest.h"

namespace banchu {
namespace {

constexpr double kSecondsPerDay = 86400;
constexpr double kDaysPerStrength = 5;
constexpr std::size_t kIdDigits = 12;

}  // namespace

// MemoryBank's published code computes exp(-t * S / 5): what was recalled often fades faster. The sign belongs as here.
double retention(const Memory& memory, Time at) {
  const double days = std::max(0.0, static_cast<double>(at - memory.recalled) / kSecondsPerDay);
  const double strength = std::max(memory.strength, 1e-6);
  return std::exp(-days / (kDaysPerStrength * strength));
}

std::string memory_id(MemoryKind kind, const std::string& text) {
  return sha256(std::string(name_of(kind)) + "\n" + text).substr(0, kIdDigits);
}

const char* name_of(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::fact:
      return "fact";
    case MemoryKind::preference:
      return "preference";
    case MemoryKind::habit:
      return "habit";
    case MemoryKind::style:
      return "style";
    case MemoryKind::correction:
      return "correction";
  }
  return "?";
}

const char* name_of(Provenance provenance) {
  switch (provenance) {
    case Provenance::user_said:
      return "user_said";
    case Provenance::self_said:
      return "self_said";
    case Provenance::confirmed:
      return "confirmed";
  }
  return "?";
}

const char* name_of(MemoryState state) {
  switch (state) {
    case MemoryState::active:
      return "active";
    case MemoryState::review:
      return "review";
    case MemoryState::archived:
      return "archived";
    case MemoryState::superseded:
      return "superseded";
    case MemoryState::struck:
      return "struck";
    case MemoryState::engraved:
      return "engraved";
  }
  return "?";
}

const char* name_of(BehaviourKind kind) {
  switch (kind) {
    case BehaviourKind::none:
      return "none";
    case BehaviourKind::opens_with:
      return "opens_with";
    case BehaviourKind::closes_with:
      return "closes_with";
    case BehaviourKind::answers:
      return "answers";
    case BehaviourKind::as_masked:
      return "as_masked";
  }
  return "?";
}

}  // namespace banchu

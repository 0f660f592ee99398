#include "journal/entry.h"

namespace banchu {

const char* name_of(EntrySource source) { return source == EntrySource::spoken ? "spoken" : "added"; }

const char* name_of(EntryMark mark) {
  switch (mark) {
    case EntryMark::none:
      return "none";
    case EntryMark::kept:
      return "kept";
    case EntryMark::fixed:
      return "fixed";
    case EntryMark::struck:
      return "struck";
  }
  return "";
}

const char* name_of(EntryState state) {
  switch (state) {
    case EntryState::fresh:
      return "fresh";
    case EntryState::used:
      return "used";
    case EntryState::quarantined:
      return "quarantined";
    case EntryState::review:
      return "review";
  }
  return "";
}

}  // namespace banchu

// The failures of this user's own program, kept in the home folder so that they can be looked up and shown to others.
//
// A failure is kept as its kind: the row of the catalogue that it was made from, with "…" where names, paths or words
// stood; verb, code, version and what kind of machine it was. No content and no names. Wrong use and Ctrl-C are not
// kept, and nothing is with BANCHU_TROUBLES=off. On disk: troubles.jsonl beside the shared models (models.h), one
// object a line, halved when it passes 256 KiB.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"

namespace banchu {

struct KeptFailure {
  std::string day;  // the last one
  std::string verb;
  std::string code;
  std::string symptom;  // in English, as in the catalogue
  std::string advice;   // the hint, in the same way
  std::string trouble;  // the known one it belongs to, or ""
  std::string version;
  std::string machine;  // "Linux x86_64, 2 cores, 24 GB"
  int times = 1;
};

// A failure that cannot be kept (a full disk, a home that is not there) is still told: nothing is answered.
void keep_failure(const std::string& verb, const Error& error, const std::string& trouble);

// Equal ones counted together, the newest first. Errors: those of reading the file; none when there is none.
Result<std::vector<KeptFailure>> kept_failures();
Status forget_failures();
Json failure_to_json(const KeptFailure& failure);

}  // namespace banchu

// Looking over a bag. Changes nothing.
//
// quick: bag.json, SQLite's quick_check, every listed file and every self's adapter exists and has its size, no link
// in models/ points nowhere. full: also SQLite's integrity_check and foreign keys, the SHA-256 of every adapter, blob
// and model, and the JSONL mirror against the turns.
#pragma once

#include <filesystem>
#include <vector>

#include "bag/bag.h"

namespace banchu {

// Damage is in the answer. Errors: Busy, Internal (the disk could not be asked).
Result<BagVerification> verify_bag(const std::filesystem::path& folder, Database& database, bool full);

// The mirror's own part. A turn that is not mirrored yet is no damage: it is there in the database.
Result<std::vector<BagFinding>> verify_mirror(const std::filesystem::path& folder, Database& database);

}  // namespace banchu

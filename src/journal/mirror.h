// The JSONL mirror of the turns: memory_core/journal/YYYY-MM-DD.jsonl, a line a turn, for eyes and for other programs.
//
// A line is a pure function of its row, so the mirror can be compared with the database and written again at any time.
// Every write happens inside a transaction of the database: that lock is also the mirror's, so two processes never
// write one file at once, and a rewritten file cannot lose a line appended meanwhile.
#pragma once

#include <filesystem>
#include <string>

#include "bag/bag.h"
#include "journal/entry.h"

namespace banchu {

std::string mirror_line(const Entry& entry);  // with its newline

// Appends the line of a turn that is committed and not mirrored yet; nothing when it is mirrored already.
Status mirror_turn(Bag& bag, const std::string& turn_id);

// Makes the file of that day (format_day) say exactly what the database says; answers how many lines were not there.
Result<int> mirror_day(Bag& bag, Time any_time_of_the_day);

Result<int> mirror_every_day(Bag& bag);

}  // namespace banchu

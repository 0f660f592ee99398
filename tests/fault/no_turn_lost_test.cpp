// The promise: a turn whose append answered OK survives SIGKILL at any moment, exactly once, in the database and,
// after repair, in the mirror.
//
// A child appends turns and tells the parent each number on a pipe after append returned. The parent waits for a
// random number of acknowledgements, then spins for a random while, and kills. All over one bag, so that what an
// earlier kill left behind is what the next child starts from.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/rng.h"
#include "journal/journal.h"
#include "tests/bag/support.h"

namespace banchu {
namespace {

using test::BagPlace;
using test::Child;

constexpr int kKills = 50;
constexpr Time kEvening = 1'790'000'000;

Turn turn_number(int number) {
  Turn turn;
  turn.id = "turn-" + std::to_string(number);
  turn.conversation = "talk-" + std::to_string(number / 10);
  turn.index = number % 10;
  turn.time = kEvening + number * 97;  // crosses midnight now and then
  turn.mask = "You are Dori.";
  turn.user = "오늘 있었던 일 " + std::to_string(number);
  turn.reply = std::string(static_cast<std::size_t>(200 + number * 37 % 3000), 'r');
  return turn;
}

// Appends from `first` on until it is killed; answers each number on `acknowledge` once append returned OK.
int append_until_killed(const BagPlace& place, int first, int acknowledge) {
  const auto bag = Bag::open(place.path(), Bag::Access::read_write);
  if (!bag) return 1;
  Journal journal(*bag.value());
  if (!journal.repair_mirror()) return 2;
  for (int number = first;; ++number) {
    if (!journal.append(turn_number(number))) return 3;
    if (::write(acknowledge, &number, sizeof number) != sizeof number) return 4;
  }
}

// Reads acknowledgements; `wanted` of them, or all that are left when `wanted` is negative.
void read_acknowledgements(int from, int wanted, std::set<int>& acknowledged) {
  int number = 0;
  while (wanted-- != 0 && ::read(from, &number, sizeof number) == sizeof number) acknowledged.insert(number);
}

std::set<int> run_and_kill(const BagPlace& place, int first, Rng& rng) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  std::set<int> acknowledged;
  {
    Child child([&] { return append_until_killed(place, first, ends[1]); });
    ::close(ends[1]);
    read_acknowledgements(ends[0], static_cast<int>(rng.below(12)), acknowledged);
    const std::uint64_t turns_of_the_spin = rng.below(3'000'000);
    for (volatile std::uint64_t spin = 0; spin < turns_of_the_spin;) {
      const std::uint64_t next = spin + 1;
      spin = next;
    }
    child.kill();
  }
  read_acknowledgements(ends[0], -1, acknowledged);
  ::close(ends[0]);
  return acknowledged;
}

// How often each turn stands in the mirror.
std::map<std::string, int> mirror_of(const Bag& bag) {
  std::map<std::string, int> lines;
  for (const auto& file : std::filesystem::directory_iterator(bag.journal_folder())) {
    std::ifstream stream(file.path());
    for (std::string line; std::getline(stream, line);) {
      const Json json = parse_json(line, file.path().string()).value();
      ++lines[json.at("meta").at("id").get<std::string>()];
    }
  }
  return lines;
}

// The turns in the bag, each checked against what was said; every one is in the repaired mirror once.
std::set<int> turns_of(const BagPlace& place) {
  const auto bag = place.open();
  Journal journal(*bag);
  EXPECT_TRUE(journal.repair_mirror());
  EXPECT_EQ(journal.repair_mirror().value(), 0);
  const std::vector<Entry> entries = journal.entries().value();
  const std::map<std::string, int> mirror = mirror_of(*bag);
  std::set<int> numbers;
  for (const Entry& entry : entries) {
    const int number = std::stoi(entry.turn.id.substr(5));
    EXPECT_TRUE(numbers.insert(number).second);
    EXPECT_EQ(entry.turn.reply, turn_number(number).reply);
    EXPECT_EQ(entry.turn.user, turn_number(number).user);
    EXPECT_TRUE(mirror.contains(entry.turn.id) && mirror.at(entry.turn.id) == 1) << entry.turn.id;
  }
  EXPECT_EQ(mirror.size(), entries.size());
  const BagVerification report = bag->verify(true).value();
  EXPECT_TRUE(report.ok) << (report.ok ? "" : report.damaged[0].path + ": " + report.damaged[0].damage);
  return numbers;
}

TEST(NoTurnLost, WhenKilledAtFiftyMoments) {
  const BagPlace place;
  place.create();
  Rng rng(20261122, "kills");
  std::set<int> acknowledged;
  int first = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    const std::set<int> now = run_and_kill(place, first, rng);
    acknowledged.insert(now.begin(), now.end());
    const std::set<int> there = turns_of(place);
    for (const int number : acknowledged) {
      ASSERT_TRUE(there.contains(number)) << "kill " << kill << " lost the acknowledged turn " << number;
    }
    // At most the one turn that was under way is there without having been acknowledged.
    for (const int number : there) acknowledged.insert(number);
    ASSERT_LE(there.size(), acknowledged.size());
    first = there.empty() ? 0 : *there.rbegin() + 1;
  }
  EXPECT_GT(acknowledged.size(), 100u);
}

TEST(NoTurnLost, WhenSeveralProcessesAppendToOneBagAndOneIsKilled) {
  const BagPlace place;
  const auto bag = place.create();
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  std::set<int> acknowledged;
  {
    Child left([&] { return append_until_killed(place, 0, ends[1]); });
    Child right([&] { return append_until_killed(place, 100'000, ends[1]); });
    ::close(ends[1]);
    read_acknowledgements(ends[0], 40, acknowledged);
    left.kill();
    read_acknowledgements(ends[0], 20, acknowledged);
    right.kill();
  }
  read_acknowledgements(ends[0], -1, acknowledged);
  ::close(ends[0]);
  const std::set<int> there = turns_of(place);
  for (const int number : acknowledged) EXPECT_TRUE(there.contains(number)) << number;
  EXPECT_LE(there.size(), acknowledged.size() + 2);
}

}  // namespace
}  // namespace banchu

// A night that is killed anywhere, again and again, ends as if nothing had happened.
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/rng.h"
#include "tests/night/days.h"

namespace banchu::testing {
namespace {

TEST(KilledNight, EndsWithTheSameSelfHoweverOftenItIsKilled) {
  const TestBag calm(tiny_file("tiny.gguf"));
  calm.add_day(tiny_file("good-day.jsonl"));
  const double began = steady_seconds();
  const Json expected = calm.run(tiny_night(1)).json();
  const double whole_ms = (steady_seconds() - began) * 1000;
  ASSERT_EQ(string_at(expected, "decision"), "promoted") << expected["reasons"].dump();

  Rng rng(20261122, "kills");
  for (int round = 0; round < 3; ++round) {
    const TestBag bag(tiny_file("tiny.gguf"));
    bag.add_day(tiny_file("good-day.jsonl"));
    Json ended;
    for (int kills = 0; ended.is_null(); ++kills) {
      Running night(bag.command(tiny_night(1)));
      // Where the kill falls depends on the machine; what comes out must not. After 12 kills it is left alone.
      const int patience_ms = kills < 12 ? static_cast<int>(whole_ms * (0.1 + 0.6 * rng.uniform())) : -1;
      if (auto ran = night.wait_for(patience_ms))
        ended = ran->json();
      else
        night.kill_now();
    }
    // A night killed after its last transaction finds nothing left to do; the self tells.
    const Json selves = bag.run({"self", "list", "--json"}).json();
    ASSERT_EQ(selves["selves"].size(), 2u);
    EXPECT_EQ(string_at(selves["selves"][1], "id"), string_at(expected, "self_after"));
    EXPECT_EQ(selves["selves"][1]["awake"], true);
    EXPECT_EQ(bag.run({"bag", "verify", "--full", "--json"}).json()["ok"], true);
  }
}

}  // namespace
}  // namespace banchu::testing

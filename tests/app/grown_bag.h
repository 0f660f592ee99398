// A bag whose awake self has grown by one adapter, without a night.
#pragma once

#include <gtest/gtest.h>

#include "tests/app/shell.h"
#include "train/adapter.h"

namespace banchu::test {

// Answers what `import` said of it: "self", "adapter", ...
inline Json make_grown_bag(const World& world) {
  world.make_bag();
  const AdapterTensor tensor{"blk.1.attn_q.weight",        128, 128, 1, std::vector<float>(128, 0.1f),
                             std::vector<float>(128, 0.1f)};
  const std::filesystem::path file = world.folder() / "a.gguf";
  EXPECT_TRUE(write_adapter({"llama", 2.0f, {tensor}}, file));
  const Json imported = world.run({"--json", "import", file.string()}).json()["imported"][0];
  EXPECT_EQ(world.run({"self", "wake", string_at(imported, "self")}).exit_code, 0);
  return imported;
}

}  // namespace banchu::test

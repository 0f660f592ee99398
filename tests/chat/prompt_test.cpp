#include "chat/prompt.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

TEST(PromptAssembly, PutsMaskThenExamplesThenHistoryThenTheMessage) {
  const std::vector<Message> few_shot = {{Role::user, "example"}, {Role::assistant, "answer"}};
  const std::vector<Message> prompt = assemble_prompt("mask", few_shot, {{"one", "two"}, {"three", "four"}}, "now");
  const std::vector<Message> expected = {
      {Role::system, "mask"},   {Role::user, "example"}, {Role::assistant, "answer"}, {Role::user, "one"},
      {Role::assistant, "two"}, {Role::user, "three"},   {Role::assistant, "four"},   {Role::user, "now"}};
  EXPECT_EQ(prompt, expected);
}

TEST(PromptAssembly, LeavesTheSystemMessageOutWhenThereIsNoMask) {
  const std::vector<Message> expected = {{Role::user, "now"}};
  EXPECT_EQ(assemble_prompt("", {}, {}, "now"), expected);
}

}  // namespace
}  // namespace banchu

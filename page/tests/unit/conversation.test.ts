import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation, messagesUpTo, showSibling, siblings } from "../../src/talk/conversation.js";

function talked(...texts: string[]): Conversation {
  const conversation = new Conversation("c");
  for (const [i, text] of texts.entries()) conversation.add(conversation.last(), i % 2 === 0 ? "user" : "assistant", text, "sandbox");
  return conversation;
}
const texts = (conversation: Conversation): string[] => conversation.path().map((said) => said.text);

test("what is said again becomes the shown way, and the first way stays", () => {
  const conversation = talked("a", "b", "c", "d");
  const first = conversation.path()[1]!;
  const again = conversation.add(first.parent!, "assistant", "b2", "sandbox");
  assert.deepEqual(texts(conversation), ["a", "b2"]);
  assert.equal(siblings(again).length, 2);
  showSibling(again, -1);
  assert.deepEqual(texts(conversation), ["a", "b", "c", "d"]);
  showSibling(first, -1);
  assert.deepEqual(texts(conversation), ["a", "b", "c", "d"], "there is nothing before the first");
});

test("a branch holds what was shown up to there, and is its own", () => {
  const conversation = talked("a", "b", "c", "d");
  const branch = conversation.branchAfter(conversation.path()[1]!, "branch");
  branch.add(branch.last(), "user", "other", "sandbox");
  assert.deepEqual(texts(branch), ["a", "b", "other"]);
  assert.deepEqual(texts(conversation), ["a", "b", "c", "d"]);
});

test("the model is given what was said, corrected where it was, without what failed or was struck out", () => {
  const conversation = talked("a", "b", "c", "d", "e");
  const [, b, , d, e] = conversation.path();
  b!.fixed = "better";
  d!.mark = "struck";
  assert.deepEqual(messagesUpTo(e!).map((message) => message.content), ["a", "better", "c", "e"]);
  d!.mark = "none";
  d!.state = "failed";
  assert.deepEqual(messagesUpTo(e!).map((message) => message.content), ["a", "better", "c", "e"]);
});

test("a title is one short line", () => {
  assert.equal(talked("  many\n words ").title(), "many words");
  assert.equal(talked("m".repeat(100)).title().length, 60);
});

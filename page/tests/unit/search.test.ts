import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../../src/talk/conversation.js";
import { search } from "../../src/talk/search.js";

function saying(text: string): Conversation {
  const conversation = new Conversation(text);
  conversation.add(conversation.root, "user", text, "sandbox");
  return conversation;
}

test("upper case, white space and the form of a syllable do not matter", () => {
  const all = [saying("The Lighthouse\nkeeper"), saying("한국".normalize("NFD"))];
  assert.equal(search(all, "lighthouse  KEEPER")[0]!.match, "Lighthouse keeper");
  assert.equal(search(all, "한국").length, 1);
  assert.equal(search(all, "  ").length, 0);
});

test("what was said on a way that is not shown is found as well", () => {
  const conversation = saying("first");
  conversation.add(conversation.root, "user", "second", "sandbox");
  assert.equal(search([conversation], "first").length, 1);
});

test("only the words around it are shown", () => {
  const [found] = search([saying(`${"a".repeat(500)} needle ${"b".repeat(500)}`)], "needle");
  assert.ok(found!.before.length < 50 && found!.after.length < 50);
});

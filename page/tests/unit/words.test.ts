import assert from "node:assert/strict";
import { test } from "node:test";
import { checkName } from "../../src/words/checks.js";
import { en } from "../../src/words/en.js";
import { ko } from "../../src/words/ko.js";

function strings(value: unknown, at: string, into: Map<string, string>): Map<string, string> {
  if (typeof value === "string") into.set(at, value);
  else if (value !== null && typeof value === "object") {
    for (const [name, one] of Object.entries(value)) strings(one, `${at}.${name}`, into);
  }
  return into;
}

test("every sentence is there in both languages, and the Korean is Korean", () => {
  const english = strings(en, "", new Map());
  const korean = strings(ko, "", new Map());
  assert.deepEqual([...korean.keys()].sort(), [...english.keys()].sort());
  for (const [at, text] of korean) assert.match(text, /[가-힣]/, at);
  for (const [at, text] of english) assert.doesNotMatch(text, /[가-힣]/, at);
});

test("a measurement's name is read from its beginning, and an unknown one stays", () => {
  assert.equal(checkName("habit: opens with Hm", "ko"), "습관: 여는 말 Hm");
  assert.equal(checkName("general loss", "en"), "plain language");
  assert.equal(checkName("something new", "ko"), "something new");
});

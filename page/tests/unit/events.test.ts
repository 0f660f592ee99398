import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader, kLongestLine } from "../../src/api/events.js";

test("an event is read whole however the wire cuts it", () => {
  const text = ': ping\n\nevent: progress\ndata: {"a":\ndata: 1}\n\ndata: [DONE]\r\n\r\n';
  for (let size = 1; size <= text.length; ++size) {
    const reader = new EventReader();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...reader.push(text.slice(at, at + size)));
    assert.deepEqual(events, [{ name: "progress", data: '{"a":\n1}' }, { name: "message", data: "[DONE]" }], `pieces of ${size}`);
  }
});

test("a line that never ends is refused", () => {
  const reader = new EventReader();
  assert.throws(() => {
    for (let i = 0; i < 10; ++i) reader.push("m".repeat(kLongestLine / 4));
  }, /without an end/);
});

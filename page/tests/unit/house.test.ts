import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { roomsOf } from "../../src/api/rooms.js";

test("what the server has is read from its own description", () => {
  const rooms = roomsOf(readFileSync("../docs/api/openapi.yaml", "utf8"));
  assert.ok(rooms.has("selves") && rooms.has("awake"));
  assert.ok(!rooms.has("chat"));
  assert.deepEqual([...roomsOf("paths:\n  /banchu/v1/nights/{id}/events:\n    get: {}\n  /v1/models: &models\n")], ["nights"]);
});

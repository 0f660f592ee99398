import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress, Self } from "../../src/api/types.js";
import { placeX, placeY, rangeOf, ticks } from "../../src/draw/scale.js";
import { curveOf } from "../../src/night/curve.js";
import { treeOf } from "../../src/selves/tree.js";

const self = (id: string, parent: string | null): Self => ({ id, parent, adapters: [], created: "", awake: false, run: null, report: null, receipt: null, morning: null });
const told = (done: number, loss: number | null, valid_loss: number | null): Progress => ({
  stage: "engraving", done, total: 9, unit: "step", detail: "", loss, valid_loss, tokens_per_second: null, seconds_left: null, seconds: 0,
});

test("ticks are round numbers inside the range", () => {
  assert.deepEqual(ticks({ low: 0, high: 1 }, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks({ low: -3, high: 12 }, 4), [0, 5, 10]);
  assert.deepEqual(ticks({ low: 2, high: 2 }, 4), []);
});

test("the ends of a range are the ends of the box", () => {
  const box = { width: 100, height: 50, left: 10, right: 10, top: 5, bottom: 5 };
  assert.equal(placeX(box, { low: 0, high: 4 }, 4), 90);
  assert.equal(placeY(box, { low: 0, high: 4 }, 4), 5);
  const flat = rangeOf([3, 3]);
  assert.ok(flat.low < 3 && flat.high > 3);
});

test("the curve has one point a step, and a validation only where there was one", () => {
  const curve = curveOf([told(0, null, null), told(1, 3, null), told(2, 2.5, 2.8), told(3, 2, 2.8), told(3, 1.9, 2.8), told(4, 1.5, 2.2)]);
  assert.deepEqual(curve.loss.map((p) => [p.x, p.y]), [[1, 3], [2, 2.5], [3, 1.9], [4, 1.5]]);
  assert.deepEqual(curve.valid.map((p) => [p.x, p.y]), [[2, 2.8], [4, 2.2]]);
});

test("the tree moves in only where the ways part, and a self without its parent is a root", () => {
  const leaves = treeOf([self("a", null), self("b", "a"), self("c", "b"), self("d", "b"), self("e", "d"), self("x", "gone")]);
  assert.deepEqual(leaves.map((leaf) => [leaf.self.id, leaf.depth]), [["a", 0], ["b", 0], ["c", 1], ["d", 1], ["e", 1], ["x", 0]]);
});

test("a tree that bites its tail ends", () => {
  assert.deepEqual(treeOf([self("a", "b"), self("b", "a")]), []);
});

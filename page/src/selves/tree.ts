// Selves in the order in which the tree is drawn: a child stands under its parent, and only where the ways part does the
// drawing move in. Pure.
import type { Self } from "../api/types.js";

export interface Leaf {
  self: Self;
  depth: number;
}

export function treeOf(selves: Self[]): Leaf[] {
  const known = new Set(selves.map((self) => self.id));
  const children = new Map<string, Self[]>();
  for (const self of selves) {
    const parent = self.parent !== null && known.has(self.parent) ? self.parent : "";
    children.set(parent, [...(children.get(parent) ?? []), self]);
  }
  const leaves: Leaf[] = [];
  const waiting: Leaf[] = (children.get("") ?? []).map((self) => ({ self, depth: 0 })).reverse();
  const seen = new Set<string>();
  for (let leaf = waiting.pop(); leaf !== undefined; leaf = waiting.pop()) {
    if (seen.has(leaf.self.id)) continue;
    seen.add(leaf.self.id);
    leaves.push(leaf);
    const next = children.get(leaf.self.id) ?? [];
    const depth = leaf.depth + (next.length > 1 ? 1 : 0);
    for (const self of [...next].reverse()) waiting.push({ self, depth });
  }
  return leaves;
}

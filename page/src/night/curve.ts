// What a night's progress says about its losses, as points of a plot. Pure.
import type { Progress } from "../api/types.js";
import type { Point } from "../draw/scale.js";

export interface Curve {
  loss: Point[];
  valid: Point[];
}

// At one step the later word holds.
function put(points: Point[], x: number, y: number | null): void {
  if (y === null || !Number.isFinite(y)) return;
  const last = points.at(-1);
  if (last?.x === x) last.y = y;
  else points.push({ x, y });
}

// Every progress tells the last validation there was: only a new value is a new point.
export function curveOf(told: Progress[]): Curve {
  const curve: Curve = { loss: [], valid: [] };
  let valid: number | null = null;
  for (const progress of told) {
    if (progress.loss === null && progress.valid_loss === null) continue;
    put(curve.loss, progress.done, progress.loss);
    if (progress.valid_loss !== valid) put(curve.valid, progress.done, progress.valid_loss);
    valid = progress.valid_loss;
  }
  return curve;
}

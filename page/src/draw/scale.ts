// The arithmetic of a small plot. Pure: numbers in, places and SVG paths out.

export interface Box {
  width: number;
  height: number;
  left: number; // room for labels
  bottom: number;
  top: number;
  right: number;
}

export interface Range {
  low: number;
  high: number;
}

export function rangeOf(values: number[]): Range {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.1, 0.1);
  return { low: low - pad, high: high + pad };
}

// About `count` round numbers inside the range.
export function ticks(range: Range, count: number): number[] {
  const rough = (range.high - range.low) / Math.max(count, 1);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  const found: number[] = [];
  for (let i = Math.ceil(range.low / step); i * step <= range.high; ++i) found.push(Number((i * step).toPrecision(12)));
  return found;
}

export function placeX(box: Box, range: Range, value: number): number {
  const wide = box.width - box.left - box.right;
  return box.left + ((value - range.low) / (range.high - range.low || 1)) * wide;
}

export function placeY(box: Box, range: Range, value: number): number {
  const high = box.height - box.top - box.bottom;
  return box.top + (1 - (value - range.low) / (range.high - range.low || 1)) * high;
}

export interface Point {
  x: number;
  y: number;
}

export function pathOf(points: Point[]): string {
  return points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

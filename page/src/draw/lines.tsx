// Lines over a common axis: a plot for the eye, its figures as a table for who reads otherwise.
import type { ComponentChildren } from "preact";
import { pathOf, placeX, placeY, rangeOf, ticks, type Box, type Point, type Range } from "./scale.js";

export interface Line {
  name: string;
  kind: string; // of its colour
  points: Point[];
}

const kBox: Box = { width: 640, height: 240, left: 48, bottom: 32, top: 12, right: 12 };

function Axes({ x, y, xLabel }: { x: Range; y: Range; xLabel: string }) {
  const bottom = kBox.height - kBox.bottom;
  return (
    <g class="axes">
      {ticks(y, 4).map((value) => (
        <g key={`y${value}`}>
          <line x1={kBox.left} x2={kBox.width - kBox.right} y1={placeY(kBox, y, value)} y2={placeY(kBox, y, value)} />
          <text x={kBox.left - 6} y={placeY(kBox, y, value) + 4} text-anchor="end">{value}</text>
        </g>
      ))}
      {ticks(x, 6).filter(Number.isInteger).map((value) => (
        <text key={`x${value}`} x={placeX(kBox, x, value)} y={bottom + 16} text-anchor="middle">{value}</text>
      ))}
      <text class="axis-name" x={kBox.width - kBox.right} y={kBox.height - 2} text-anchor="end">{xLabel}</text>
    </g>
  );
}

function Figures({ lines, xLabel }: { lines: Line[]; xLabel: string }) {
  return (
    <table>
      <thead><tr><th scope="col">{xLabel}</th>{lines.map((line) => <th scope="col" key={line.name}>{line.name}</th>)}</tr></thead>
      <tbody>
        {[...new Set(lines.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b).map((x) => (
          <tr key={x}>
            <th scope="row">{x}</th>
            {lines.map((line) => <td key={line.name}>{line.points.find((point) => point.x === x)?.y.toPrecision(4) ?? ""}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Lines(props: { title: string; lines: Line[]; xLabel: string; figures: string; over?: (x: Range, y: Range, box: Box) => ComponentChildren }) {
  const lines = props.lines.filter((line) => line.points.length > 0);
  if (lines.length === 0) return null;
  const all = lines.flatMap((line) => line.points);
  const x = { low: Math.min(...all.map((p) => p.x)), high: Math.max(...all.map((p) => p.x)) };
  const y = rangeOf(all.map((p) => p.y));
  return (
    <figure class="plot">
      <figcaption>
        {props.title}
        {lines.length > 1 && lines.map((line) => <span key={line.name} class={`key ${line.kind}`}>{line.name}</span>)}
      </figcaption>
      <svg viewBox={`0 0 ${kBox.width} ${kBox.height}`} role="img" aria-label={props.title}>
        <Axes x={x} y={y} xLabel={props.xLabel} />
        {props.over?.(x, y, kBox)}
        {lines.map((line) => {
          const places = line.points.map((p) => ({ x: placeX(kBox, x, p.x), y: placeY(kBox, y, p.y) }));
          return (
            <g key={line.name} class={`line ${line.kind}`}>
              <path d={pathOf(places)} />
              {places.length <= 40 && places.map((p, i) => <circle key={i} cx={p.x} cy={p.y} r="3" />)}
            </g>
          );
        })}
      </svg>
      <details>
        <summary>{props.figures}</summary>
        <div class="scrolls" tabIndex={0}><Figures lines={lines} xLabel={props.xLabel} /></div>
      </details>
    </figure>
  );
}

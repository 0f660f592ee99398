// One reading: the number with what it is compared to, the line, its phases, and where it is weakest.
import type { Reading } from "../api/types.js";
import { Lines } from "../draw/lines.js";
import { placeX, placeY, type Box, type Range } from "../draw/scale.js";
import { useWords } from "../words/index.js";

const kWeakest = 5;

function Coherence({ reading }: { reading: Reading }) {
  const words = useWords();
  if (reading.coherence === null) return <p role="status" class="big">{words.arc.cannotTell(reading.reason)}</p>;
  return (
    <p role="status" class="big">
      {words.arc.coherence} <strong>{reading.coherence.toFixed(0)}</strong>
      {reading.interval && <small> [{reading.interval.map((end) => end.toFixed(0)).join(", ")}]</small>}
    </p>
  );
}

function Phases({ reading, x, y, box }: { reading: Reading; x: Range; y: Range; box: Box }) {
  const words = useWords();
  const turn = (at: number, kind: string) => {
    const height = reading.arc[at];
    return height !== undefined && <circle key={`${kind}${at}`} class={`turn ${kind}`} cx={placeX(box, x, at + 1)} cy={placeY(box, y, height)} r="5" />;
  };
  return (
    <g class="phases">
      {reading.phases.map((phase, i) => {
        const begin = placeX(box, x, phase.begin + 1);
        const end = placeX(box, x, Math.max(phase.end, phase.begin + 1));
        return (
          <g key={i}>
            <line x1={begin} x2={begin} y1={box.top} y2={box.height - box.bottom} />
            {end - begin > 44 && <text x={(begin + end) / 2} y={box.top + 12} text-anchor="middle">{words.arc.phase(phase.phase)}</text>}
          </g>
        );
      })}
      {reading.peaks.map(({ at }) => turn(at, "peak"))}
      {reading.valleys.map(({ at }) => turn(at, "valley"))}
    </g>
  );
}

function Weakest({ reading }: { reading: Reading }) {
  const words = useWords();
  const rows = [...reading.evidence].filter((one) => one.points < 0).sort((a, b) => a.points - b.points).slice(0, kWeakest);
  if (rows.length === 0) return null;
  return (
    <>
      <h2>{words.arc.weakest}</h2>
      <ul>
        {rows.map((one, i) => (
          <li key={i}>
            {words.arc.unit(one.unit + 1)} ({one.points.toFixed(1)}): {one.detail || one.rule}
            {reading.units[one.unit] && <blockquote>{reading.units[one.unit]!.text}</blockquote>}
          </li>
        ))}
      </ul>
    </>
  );
}

export function Picture({ reading }: { reading: Reading }) {
  const words = useWords();
  const points = reading.arc.map((y, i) => ({ x: i + 1, y }));
  return (
    <section class="card reading" aria-label={words.arc.result}>
      <Coherence reading={reading} />
      <Lines
        title={words.arc.line}
        lines={[{ name: words.arc.height, kind: "first", points }]}
        xLabel={words.arc.units}
        figures={words.figures}
        over={(x, y, box) => <Phases reading={reading} x={x} y={y} box={box} />}
      />
      <Weakest reading={reading} />
      <p class="quiet">{words.arc.noModel}</p>
    </section>
  );
}

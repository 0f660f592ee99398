// The night: begun here, seen as it happens, and the nights before it.
import { useEffect, useState } from "preact/hooks";
import type { Job, Night, NightHead, Progress } from "../api/types.js";
import { Lines } from "../draw/lines.js";
import { ReportTable, ReceiptLine } from "../selves/report.js";
import { Doing, useLoaded, Waiting } from "../shell/load.js";
import { useStore } from "../shell/store.js";
import { useWords } from "../words/index.js";
import { curveOf } from "./curve.js";
import { liveNight } from "./live.js";

function Curve({ told }: { told: Progress[] }) {
  const words = useWords();
  const curve = curveOf(told);
  const lines = [
    { name: words.night.loss, kind: "first", points: curve.loss },
    { name: words.night.validLoss, kind: "second", points: curve.valid },
  ];
  return <Lines title={words.night.curve} lines={lines} xLabel={words.night.step} figures={words.figures} />;
}

// The last word of each stage, in the order in which they came.
function stagesOf(told: Progress[]): Progress[] {
  const stages = new Map<string, Progress>();
  for (const progress of told) stages.set(progress.stage, progress);
  return [...stages.values()];
}

function Stage({ progress, isLast }: { progress: Progress; isLast: boolean }) {
  const words = useWords();
  const name = words.night.stage(progress.stage);
  return (
    <li data-stage={progress.stage}>
      <span class="stage">{name}</span>
      {progress.total > 0 && <progress value={progress.done} max={progress.total} aria-label={name} />}
      <span class="detail">
        {progress.total > 0 && `${progress.done}/${progress.total} `}
        {progress.detail}
        {isLast && progress.seconds_left !== null && ` · ${words.night.left(words.seconds(progress.seconds_left))}`}
      </span>
    </li>
  );
}

function Outcome({ job }: { job: Job }) {
  const words = useWords();
  if (job.state === "running") return null;
  if (job.error) return <p role="alert" class="problem">{job.error.message} {job.error.hint}</p>;
  const outcome = job.outcome;
  return (
    <div class="outcome">
      <p role="status"><strong>{job.state === "cancelled" ? words.night.cancelled : words.night.decision(outcome?.decision ?? "")}</strong></p>
      {outcome?.reasons?.map((reason) => <p key={reason}>{reason}</p>)}
      {outcome?.report && <ReportTable report={outcome.report} />}
      {outcome?.receipt && <ReceiptLine receipt={outcome.receipt} />}
    </div>
  );
}

function Running() {
  const words = useWords();
  const { job, told } = useStore(liveNight);
  if (job === null) return null;
  const stages = stagesOf(told);
  return (
    <section class="card" aria-labelledby="night-now" data-state={job.state}>
      <h2 id="night-now">{words.night.now(job.state)}</h2>
      <ol class="stages">
        {stages.map((one, i) => <Stage key={one.stage} progress={one} isLast={job.state === "running" && i === stages.length - 1} />)}
      </ol>
      <Curve told={told} />
      <Outcome job={job} />
      {job.state === "running" && <Doing does={() => liveNight.cancel()}>{words.night.cancel}</Doing>}
    </section>
  );
}

function Begin({ isRunning }: { isRunning: boolean }) {
  const words = useWords();
  return (
    <section class="card" aria-labelledby="night-begin">
      <h2 id="night-begin">{words.night.begin}</h2>
      <p>{words.night.intro}</p>
      <p class="row actions">
        <Doing kind="primary" disabled={isRunning} does={() => liveNight.start(null)}>{words.night.whole}</Doing>
        <Doing disabled={isRunning} does={() => liveNight.start("evaluate")}>{words.night.untilMeasured}</Doing>
      </p>
    </section>
  );
}

function PastNight({ head }: { head: NightHead }) {
  const words = useWords();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <time dateTime={head.started}>{words.time(head.started)}</time> {words.night.decision(head.decision ?? "")}
      </summary>
      {isOpen && <PastNightBody id={head.id} />}
    </details>
  );
}

function PastNightBody({ id }: { id: string }) {
  const words = useWords();
  const loaded = useLoaded<Night>(`/banchu/v1/nights/${encodeURIComponent(id)}`);
  const night = loaded.value;
  const curve = night?.train?.curve ?? [];
  const points = (of: "loss" | "valid_loss") => curve.filter((p) => typeof p[of] === "number").map((p) => ({ x: p.step, y: p[of]! }));
  const lines = [
    { name: words.night.loss, kind: "first", points: points("loss") },
    { name: words.night.validLoss, kind: "second", points: points("valid_loss") },
  ];
  return (
    <Waiting of={loaded}>
      {night?.morning && <blockquote>{night.morning}</blockquote>}
      {night?.reasons?.map((reason) => <p key={reason}>{reason}</p>)}
      <Lines title={words.night.curve} lines={lines} xLabel={words.night.step} figures={words.figures} />
      {night?.report && <ReportTable report={night.report} />}
      {night?.receipt && <ReceiptLine receipt={night.receipt} />}
    </Waiting>
  );
}

export function NightView() {
  const words = useWords();
  const { job } = useStore(liveNight);
  const loaded = useLoaded<{ nights: NightHead[]; job: Job | null }>("/banchu/v1/nights");
  useEffect(() => {
    if (loaded.value?.job) liveNight.follow(loaded.value.job);
  }, [loaded.value]);
  useEffect(() => {
    if (job && job.state !== "running") void loaded.reload();
  }, [job?.state]);
  return (
    <div class="page-part">
      <h1>{words.places.night}</h1>
      <Begin isRunning={job?.state === "running"} />
      <Running />
      <h2>{words.night.before}</h2>
      <Waiting of={loaded}>
        {loaded.value?.nights.length === 0 && <p class="quiet">{words.night.none}</p>}
        {loaded.value?.nights.map((head) => <PastNight key={head.id} head={head} />)}
      </Waiting>
    </div>
  );
}

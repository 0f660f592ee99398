// What the coming night wants to teach, and why; the user's word on each thing.
import { call } from "../api/http.js";
import type { Coming, ComingEntry, Entry, Memory } from "../api/types.js";
import { house } from "../shell/house.js";
import { Doing, useLoaded, Waiting } from "../shell/load.js";
import { useWords } from "../words/index.js";

function Word({ id, reload, isKept }: { id: string; reload: () => Promise<void>; isKept: boolean | null }) {
  const words = useWords();
  if (!house.has("review")) return null;
  const say = (word: "keep" | "strike") => async () => {
    await call("/banchu/v1/review", { body: { id, word } });
    await reload();
  };
  return (
    <p class="row actions">
      <Doing does={say("keep")} pressed={isKept === true}>{words.review.keep}</Doing>
      <Doing does={say("strike")} pressed={isKept === false}>{words.review.strike}</Doing>
    </p>
  );
}

function Exchange({ entry }: { entry: Entry }) {
  const words = useWords();
  return (
    <dl class="exchange">
      <dt>{words.you}</dt>
      <dd>{entry.user}</dd>
      <dt>{words.companion}</dt>
      <dd>{entry.fixed_reply || entry.reply}</dd>
    </dl>
  );
}

function Learned({ memory, from }: { memory: Memory; from: number }) {
  const words = useWords();
  return (
    <>
      <p class="memory"><span class="badge">{words.review.kind(memory.kind)}</span> {memory.text}</p>
      <p class="quiet">{words.review.from(from)}</p>
    </>
  );
}

function EntryCard({ entry, reload }: { entry: ComingEntry; reload: () => Promise<void> }) {
  const words = useWords();
  const isKept = entry.mark === "kept" || entry.mark === "fixed" ? true : entry.mark === "struck" ? false : null;
  return (
    <li class="card" data-taught={entry.taught}>
      <p class="row">
        <span class={entry.taught ? "badge kept" : "badge"}>{entry.taught ? words.review.taught : words.review.leftOut}</span>
        <span class="reason">{words.review.reason(entry.reason)}</span>
        {entry.detail !== "" && <span class="quiet">{entry.detail}</span>}
      </p>
      <Exchange entry={entry} />
      <Word id={entry.turn_id} reload={reload} isKept={isKept} />
    </li>
  );
}

// What the rules would rather ask about stands with what an earlier night left open.
const isDoubtful = (entry: ComingEntry): boolean => entry.reason === "needs_review";

function WaitingForWord({ coming, reload }: { coming: Coming; reload: () => Promise<void> }) {
  const words = useWords();
  const { memories } = coming.waiting;
  const known = new Set(coming.waiting.entries.map((entry) => entry.turn_id));
  const entries = [...coming.waiting.entries, ...coming.entries.filter((entry) => isDoubtful(entry) && !known.has(entry.turn_id))];
  if (memories.length + entries.length === 0) return <p class="quiet">{words.review.nothingWaits}</p>;
  return (
    <ul class="cards waiting">
      {memories.map((memory) => (
        <li class="card" key={memory.id}>
          <Learned memory={memory} from={memory.turns.length} />
          <Word id={memory.id} reload={reload} isKept={null} />
        </li>
      ))}
      {entries.map((entry) => (
        <li class="card" key={entry.turn_id}>
          <Exchange entry={entry} />
          <Word id={entry.turn_id} reload={reload} isKept={null} />
        </li>
      ))}
    </ul>
  );
}

export function ReviewView() {
  const words = useWords();
  const loaded = useLoaded<Coming>("/banchu/v1/coming");
  const coming = loaded.value;
  return (
    <div class="page-part">
      <h1>{words.places.review}</h1>
      <p>{words.review.intro}</p>
      <Waiting of={loaded}>
        {coming && (
          <>
            <p role="status" class="counts">
              {words.review.entries(coming.entries.length)}
              {coming.counts.map((one) => <span key={one.reason} class="badge">{words.review.reason(one.reason)} {one.count}</span>)}
            </p>
            <h2>{words.review.wants}</h2>
            {coming.memories.length === 0 && <p class="quiet">{words.review.nothing}</p>}
            <ul class="cards memories">
              {coming.memories.map((memory) => <li class="card" key={memory.id}><Learned memory={memory} from={memory.turns.length} /></li>)}
            </ul>
            <h2>{words.review.waits}</h2>
            <WaitingForWord coming={coming} reload={loaded.reload} />
            <h2>{words.review.day}</h2>
            <ul class="cards entries">
              {coming.entries.filter((entry) => !isDoubtful(entry)).map((entry) => <EntryCard key={entry.turn_id} entry={entry} reload={loaded.reload} />)}
            </ul>
          </>
        )}
      </Waiting>
    </div>
  );
}

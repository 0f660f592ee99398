// The growth tree: who the companion is and was, what each night brought, and the way back.
import { call } from "../api/http.js";
import type { Self } from "../api/types.js";
import { house } from "../shell/house.js";
import { Doing, useLoaded, Waiting } from "../shell/load.js";
import { useWords } from "../words/index.js";
import { ReceiptLine, ReportTable } from "./report.js";
import { treeOf } from "./tree.js";

const kShortId = 8;

function WakeButtons({ self, reload }: { self: Self; reload: () => Promise<void> }) {
  const words = useWords();
  const then = (path: string, body: unknown) => async () => {
    await call(path, { body });
    void house.lookWhoIsAwake();
    await reload();
  };
  if (!self.awake) return <Doing does={then("/banchu/v1/selves/wake", { id: self.id })}>{words.selves.wake}</Doing>;
  if (self.parent === null) return null;
  return <Doing does={then("/banchu/v1/selves/rollback", {})}>{words.selves.rollback}</Doing>;
}

function SelfCard({ self, reload }: { self: Self; reload: () => Promise<void> }) {
  const words = useWords();
  const what = self.adapters.length === 0 ? words.selves.first : self.run === null ? words.selves.imported : words.selves.nights(self.adapters.length);
  return (
    <div class="card self" data-awake={self.awake} data-self={self.id}>
      <p class="row">
        <span class={self.awake ? "dot" : "dot asleep"} aria-hidden="true" />
        <code title={self.id}>{self.id.slice(0, kShortId)}</code>
        {self.awake && <span class="badge kept">{words.selves.awake}</span>}
        <span>{what}</span>
        <time class="quiet" dateTime={self.created}>{words.time(self.created)}</time>
      </p>
      {self.morning && <blockquote>{self.morning}</blockquote>}
      {self.receipt && <ReceiptLine receipt={self.receipt} />}
      {self.report && (
        <details>
          <summary>{words.report.title}</summary>
          <ReportTable report={self.report} />
        </details>
      )}
      <p class="row actions"><WakeButtons self={self} reload={reload} /></p>
    </div>
  );
}

export function SelvesView() {
  const words = useWords();
  const loaded = useLoaded<{ selves: Self[] }>("/banchu/v1/selves");
  const leaves = treeOf(loaded.value?.selves ?? []);
  return (
    <div class="page-part">
      <h1>{words.places.selves}</h1>
      <p>{words.selves.intro}</p>
      <Waiting of={loaded}>
        {leaves.length === 0 && <p class="quiet">{words.selves.none}</p>}
        <ol class="tree">
          {leaves.map(({ self, depth }) => (
            <li key={self.id} data-depth={Math.min(depth, 4)}>
              <SelfCard self={self} reload={loaded.reload} />
            </li>
          ))}
        </ol>
      </Waiting>
    </div>
  );
}

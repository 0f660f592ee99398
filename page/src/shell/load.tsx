// Something that the server is asked for when a part of the page is opened, and what is shown until it answers.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, call } from "../api/http.js";
import { useWords, type Words } from "../words/index.js";

// What went wrong, in the visitor's language where the page knows it, else in the server's words.
export function told(words: Words, problem: unknown): string {
  if (!(problem instanceof ApiError)) return String(problem);
  if (problem.status === 0) return words.problems.unreachable;
  if (problem.status === 503) return words.problems.busy;
  return problem.message;
}

export interface Loaded<T> {
  value: T | null;
  problem: unknown;
  reload: () => Promise<void>;
}

// path "": nothing is asked for.
export function useLoaded<T>(path: string): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const latest = useRef(0); // an answer that was overtaken by a later question is dropped
  const reload = async (): Promise<void> => {
    const mine = ++latest.current;
    if (path === "") return;
    try {
      const answer = await call<T>(path);
      if (mine !== latest.current) return;
      setValue(answer);
      setProblem(null);
    } catch (wrong) {
      if (mine === latest.current) setProblem(wrong);
    }
  };
  useEffect(() => void reload(), [path]);
  return { value, problem, reload };
}

export function Waiting({ of, children }: { of: Loaded<unknown>; children: ComponentChildren }) {
  const words = useWords();
  if (of.problem !== null) {
    return (
      <div role="alert" class="problem">
        <p>{told(words, of.problem)}</p>
        <button onClick={() => void of.reload()}>{words.door.again}</button>
      </div>
    );
  }
  if (of.value === null) return <p class="quiet" role="status">{words.loading}</p>;
  return <>{children}</>;
}

// A button whose work may fail; while it works it cannot be pressed again, and what failed is said beside it.
// `pressed`: it is one of several words, and this one holds.
export function Doing(props: { does: () => Promise<void>; kind?: string; disabled?: boolean; pressed?: boolean; children: ComponentChildren }) {
  const words = useWords();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const press = async (): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    await props.does().catch(setProblem);
    setIsBusy(false);
  };
  return (
    <>
      <button type="button" class={props.kind ?? ""} aria-pressed={props.pressed} disabled={isBusy || props.disabled} onClick={() => void press()}>
        {props.children}
      </button>
      {problem !== null && <span role="alert" class="problem">{told(words, problem)}</span>}
    </>
  );
}

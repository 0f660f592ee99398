// State that several parts of the page look at. A part that uses it is drawn again when it changes.
import { useEffect, useState } from "preact/hooks";

export class Store {
  private listeners = new Set<() => void>();

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

export function useStore<S extends Store>(store: S): S {
  const [, draw] = useState(0);
  useEffect(() => store.subscribe(() => draw((n) => n + 1)), [store]);
  return store;
}

// Server-sent events, read piece by piece as they come over the wire.

export interface ServerEvent {
  name: string; // "message" when the server names none
  data: string;
}

// One line may be no longer than this: a server that never ends a line must not fill the memory.
export const kLongestLine = 4_000_000;

export class EventReader {
  private rest = "";
  private name = "";
  private data: string[] = [];

  // The events that are complete with `text`. Comments (pings) say nothing.
  push(text: string): ServerEvent[] {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    if (this.rest.length > kLongestLine) throw new Error("a line without an end");
    const events: ServerEvent[] = [];
    for (const line of lines) this.take(line.endsWith("\r") ? line.slice(0, -1) : line, events);
    return events;
  }

  private take(line: string, events: ServerEvent[]): void {
    if (line === "") {
      if (this.data.length > 0) events.push({ name: this.name || "message", data: this.data.join("\n") });
      this.name = "";
      this.data = [];
    } else if (line.startsWith("event:")) {
      this.name = line.slice(6).trim();
    } else if (line.startsWith("data:")) {
      this.data.push(line.startsWith("data: ") ? line.slice(6) : line.slice(5));
    }
  }
}

// Every event of a body until it ends.
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const events = new EventReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* events.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

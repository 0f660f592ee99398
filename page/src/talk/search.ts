// Finding words in the conversations of this tab. Pure.
import type { Conversation, Said } from "./conversation.js";

export interface Found {
  conversation: Conversation;
  said: Said;
  before: string;
  match: string;
  after: string;
}

const kAround = 40; // characters shown on both sides

// The same syllable is the same text, however it was typed; upper case does not matter.
function folded(text: string): string {
  return text.normalize("NFC").toLocaleLowerCase();
}

function everything(said: Said, into: Said[]): void {
  for (const answer of said.answers) {
    into.push(answer);
    everything(answer, into);
  }
}

function foundIn(conversation: Conversation, said: Said, wanted: string): Found | null {
  const text = said.text.normalize("NFC").replace(/\s+/g, " ");
  const at = folded(text).indexOf(wanted);
  if (at < 0) return null;
  const end = at + wanted.length;
  return {
    conversation,
    said,
    before: (at > kAround ? "…" : "") + text.slice(Math.max(0, at - kAround), at),
    match: text.slice(at, end),
    after: text.slice(end, end + kAround) + (end + kAround < text.length ? "…" : ""),
  };
}

export function search(conversations: Conversation[], words: string): Found[] {
  const wanted = folded(words.trim().replace(/\s+/g, " "));
  if (wanted === "") return [];
  return conversations.flatMap((conversation) => {
    const all: Said[] = [];
    everything(conversation.root, all);
    return all.map((said) => foundIn(conversation, said, wanted)).filter((found) => found !== null);
  });
}

// A conversation as a tree: every message may have been said again (regenerated) or otherwise (edited), and one way
// through the tree is shown. Pure data; nothing here talks to the server.
import type { Mode, Role } from "../api/reply.js";
import type { Entry, Mark } from "../api/types.js";

export interface Said {
  id: number;
  role: Role;
  text: string;
  parent: Said | null; // null for the root, which says nothing
  answers: Said[];
  shown: number; // which of the answers is shown
  state: "whole" | "speaking" | "stopped" | "failed" | "cut" | "limit";
  problem: string; // what failed
  mode: Mode;
  turn: string; // a reply that was kept: its turn in the bag
  mark: Mark;
  fixed: string; // what it should have said, "" when nothing was fixed
}

export class Conversation {
  readonly root: Said;
  mask = ""; // its id
  // The bag's name for it; "" until something of it was kept.
  kept = "";
  private nextId = 0;

  constructor(readonly id: string) {
    this.root = this.make(null, "assistant", "", "sandbox");
  }

  // The messages that are shown, in order.
  path(): Said[] {
    const path: Said[] = [];
    for (let at = this.root; at.answers.length > 0; ) {
      at = at.answers[at.shown]!;
      path.push(at);
    }
    return path;
  }

  last(): Said {
    return this.path().at(-1) ?? this.root;
  }

  // Becomes the shown one.
  add(parent: Said, role: Role, text: string, mode: Mode): Said {
    const said = this.make(parent, role, text, mode);
    parent.answers.push(said);
    parent.shown = parent.answers.length - 1;
    return said;
  }

  // The first thing the user said, shortened.
  title(): string {
    const first = this.path()[0]?.text.trim().replace(/\s+/g, " ") ?? "";
    return first.length > 60 ? `${first.slice(0, 59)}…` : first;
  }

  // A conversation of its own that begins like this one and goes on after `said`.
  branchAfter(said: Said, id: string): Conversation {
    const branch = new Conversation(id);
    branch.mask = this.mask;
    let at = branch.root;
    for (const old of wayTo(said)) at = Object.assign(branch.add(at, old.role, old.text, old.mode), keepsakes(old));
    return branch;
  }

  // One that the bag keeps.
  static of(id: string, entries: Entry[]): Conversation {
    const conversation = new Conversation(id);
    conversation.kept = id;
    for (const entry of entries) {
      const user = conversation.add(conversation.last(), "user", entry.user, "grow");
      const reply = conversation.add(user, "assistant", entry.reply, "grow");
      reply.turn = entry.turn_id;
      reply.mark = entry.mark;
      reply.fixed = entry.fixed_reply ?? "";
    }
    return conversation;
  }

  private make(parent: Said | null, role: Role, text: string, mode: Mode): Said {
    return { id: this.nextId++, role, text, parent, answers: [], shown: 0, state: "whole", problem: "", mode, turn: "", mark: "none", fixed: "" };
  }
}

function keepsakes(old: Said): Partial<Said> {
  return { state: old.state, problem: old.problem, turn: old.turn, mark: old.mark, fixed: old.fixed };
}

// From the first message to `said`.
export function wayTo(said: Said): Said[] {
  const way: Said[] = [];
  for (let at: Said | null = said; at !== null && at.parent !== null; at = at.parent) way.unshift(at);
  return way;
}

// What was said in its place, itself included.
export function siblings(said: Said): Said[] {
  return said.parent?.answers ?? [said];
}

export function showSibling(said: Said, step: -1 | 1): void {
  const parent = said.parent;
  if (parent === null) return;
  parent.shown = Math.min(Math.max(parent.answers.indexOf(said) + step, 0), parent.answers.length - 1);
}

// What the model is given: a reply that failed was never said, one that was fixed is what it should have been.
export function messagesUpTo(said: Said): { role: Role; content: string }[] {
  return wayTo(said)
    .filter((one) => one.state !== "failed" && one.text !== "" && one.mark !== "struck")
    .map((one) => ({ role: one.role, content: one.fixed || one.text }));
}

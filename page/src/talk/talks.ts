// The conversations of this tab, and the one reply that is being said in each.
//
// What is said in the sandbox lives here and nowhere else: it is gone with the tab. What is kept lies in the bag; the
// page never stores a word of it.
import { ApiError, call, segment } from "../api/http.js";
import { say, type Mode } from "../api/reply.js";
import type { Entry, Mark } from "../api/types.js";
import { house } from "../shell/house.js";
import { Store } from "../shell/store.js";
import { Conversation, messagesUpTo, type Said } from "./conversation.js";

// How long the page waits before it draws a growing reply again: longer replies take longer to draw.
function pauseBeforeDrawing(characters: number): number {
  return 40 + characters / 100;
}

// Browsers keep crypto.randomUUID to themselves where the page comes over plain http from another machine.
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Talks extends Store {
  list: Conversation[] = [];
  current = new Conversation(newId());
  mode: Mode = "sandbox";
  mask = ""; // an id, for conversations that begin
  private running = new Map<Conversation, AbortController>();
  private drawing = 0;

  isSpeaking(): boolean {
    return this.running.has(this.current);
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.changed();
  }

  setMask(mask: string): void {
    this.mask = mask;
    this.current.mask = mask;
    this.changed();
  }

  begin(): void {
    this.show(new Conversation(newId()));
    this.current.mask = this.mask;
    this.changed();
  }

  show(conversation: Conversation): void {
    this.current = conversation;
    this.changed();
  }

  // One that the bag keeps.
  async open(id: string): Promise<void> {
    const known = this.list.find((one) => one.kept === id);
    if (known) return this.show(known);
    const { entries, mask } = await call<{ entries: Entry[]; mask: string | null }>(`/banchu/v1/conversations/${segment(id)}`);
    const conversation = Conversation.of(id, entries);
    conversation.mask = mask ?? "";
    this.list.unshift(conversation);
    this.show(conversation);
  }

  async send(text: string): Promise<void> {
    await this.answer(this.current, this.current.add(this.current.last(), "user", text, this.mode));
  }

  // Another reply to the same message.
  async again(reply: Said): Promise<void> {
    await this.answer(this.current, reply.parent!);
  }

  // The same place in the conversation with other words.
  async edit(message: Said, text: string): Promise<void> {
    await this.answer(this.current, this.current.add(message.parent!, "user", text, this.mode));
  }

  branch(reply: Said): void {
    const branch = this.current.branchAfter(reply, newId());
    this.list.unshift(branch);
    this.show(branch);
  }

  stop(): void {
    this.running.get(this.current)?.abort();
  }

  // The user's word on a reply that was kept.
  async mark(reply: Said, mark: Mark, fixed = ""): Promise<void> {
    const body = mark === "fixed" ? { mark, fixed_reply: fixed } : { mark };
    const entry = await call<Entry>(`/banchu/v1/turns/${segment(reply.turn)}`, { body });
    reply.mark = entry.mark;
    reply.fixed = entry.fixed_reply ?? "";
    this.changed();
  }

  private async answer(conversation: Conversation, message: Said): Promise<void> {
    if (this.running.has(conversation)) return;
    if (!this.list.includes(conversation)) this.list.unshift(conversation);
    const control = new AbortController();
    this.running.set(conversation, control);
    const reply = conversation.add(message, "assistant", "", this.mode);
    reply.state = "speaking";
    this.changed();
    try {
      await this.hear(conversation, reply, control.signal);
    } catch (problem) {
      this.fail(reply, problem, control.signal.aborted);
    }
    this.running.delete(conversation);
    this.changed();
  }

  private async hear(conversation: Conversation, reply: Said, signal: AbortSignal): Promise<void> {
    const ask = {
      messages: messagesUpTo(reply.parent!),
      mode: reply.mode,
      conversation: conversation.kept || conversation.id,
      mask: conversation.mask,
    };
    const take = (text: string): void => {
      reply.text += text;
      this.drawSoon(reply.text.length);
    };
    const end = await say(ask, take, signal);
    reply.state = end.cut === "size" ? "cut" : end.cut === "length" ? "limit" : "whole";
    reply.turn = end.turn;
    if (end.conversation !== "") conversation.kept = end.conversation;
    if (end.self !== "" && end.self !== house.awake?.self) void house.lookWhoIsAwake();
  }

  private fail(reply: Said, problem: unknown, isStopped: boolean): void {
    reply.state = isStopped ? "stopped" : "failed";
    reply.problem = problem instanceof ApiError ? problem.message : isStopped ? "" : String(problem);
  }

  private drawSoon(characters: number): void {
    if (this.drawing !== 0) return;
    this.drawing = window.setTimeout(() => {
      this.drawing = 0;
      this.changed();
    }, pauseBeforeDrawing(characters));
  }
}

export const talks = new Talks();

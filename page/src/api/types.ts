// What /banchu/v1 answers, as docs/api/openapi.yaml has it: only the fields that the page reads.

export interface Awake {
  self: string;
  trouble: string | null;
  version: string;
  context_tokens: number;
}

export interface Check {
  name: string;
  unit?: string;
  before: number | null;
  after: number | null;
  limit: number | null;
  rule?: string; // at_least, at_most, rise_at_most, information
  ok: boolean;
}
export interface Report {
  lambda?: number | null;
  checks: Check[];
}
export interface Receipt {
  seconds?: number;
  tokens_trained?: number;
  tokens_generated?: number;
  peak_rss_bytes?: number;
  money?: number | null;
  currency?: string;
}
export interface Self {
  id: string;
  parent: string | null;
  adapters: { digest: string; scale: number }[];
  created: string;
  awake: boolean;
  run: string | null;
  report: Report | null;
  receipt: Receipt | null;
  morning: string | null;
}

export interface ConversationHead {
  id: string;
  title: string;
  found?: string;
  begun: string;
  last: string;
  turns: number;
  mask: string | null;
}
export type Mark = "none" | "kept" | "fixed" | "struck";
export interface Entry {
  turn_id: string;
  conversation: string;
  time: string;
  mask: string;
  user: string;
  reply: string;
  self: string | null;
  mark: Mark;
  fixed_reply: string | null;
  state: "fresh" | "used" | "quarantined" | "review";
}
export interface Mask {
  id: string;
  name: string;
  system: string;
  turns: number;
}

export interface Memory {
  id: string;
  kind: string;
  text: string;
  state: string;
  turns: string[];
}
export interface ComingEntry extends Entry {
  reason: string;
  detail: string;
  memories: string[];
  taught: boolean;
}
export interface Coming {
  entries: ComingEntry[];
  memories: Memory[];
  counts: { reason: string; count: number }[];
  waiting: { memories: Memory[]; entries: Entry[] };
}

export interface Progress {
  stage: string;
  done: number;
  total: number;
  unit: string;
  detail: string;
  loss: number | null;
  valid_loss: number | null;
  tokens_per_second: number | null;
  seconds_left: number | null;
  seconds: number;
}
export interface Training {
  steps?: number;
  tokens?: number;
  curve?: { step: number; loss?: number | null; valid_loss?: number | null }[];
}
export interface NightHead {
  id: string;
  started: string;
  finished: string | null;
  stage: string;
  decision: string | null;
  self_after: string | null;
  morning: string | null;
}
export interface Night extends NightHead {
  reasons?: string[];
  train?: Training | null;
  report?: Report | null;
  receipt?: Receipt | null;
}
export interface Job {
  job: string;
  state: "running" | "done" | "failed" | "cancelled";
  until: string | null;
  started: string;
  finished: string | null;
  progress: Progress | null;
  outcome: { run?: string; decision?: string; reasons?: string[]; report?: Report | null; receipt?: Receipt | null } | null;
  error: { message: string; hint?: string } | null;
}

export interface Reading {
  coherence: number | null;
  reason: string;
  interval: [number, number] | null;
  units: { speaker: string; text: string }[];
  arc: number[];
  phases: { phase: string; begin: number; end: number }[];
  peaks: { at: number }[];
  valleys: { at: number }[];
  evidence: { unit: number; points: number; rule: string; detail: string }[];
}

// A reply of the companion, as it is said: OpenAI's chat endpoint with banchu's headers.
import { eventsOf, type ServerEvent } from "./events.js";
import { ApiError, open } from "./http.js";

export type Mode = "sandbox" | "grow";
export type Role = "user" | "assistant";

export interface Ask {
  messages: { role: Role; content: string }[];
  mode: Mode;
  conversation: string;
  mask: string; // an id, "" for none
}

export interface ReplyEnd {
  cut: "no" | "length" | "size"; // by the model's limit, or by ours
  turn: string; // where it was kept, "" in the sandbox
  conversation: string; // the bag's own name for the conversation, "" in the sandbox
  self: string;
}

// A reply longer than this is no reply that anybody reads.
export const kMostCharacters = 1_000_000;

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  banchu?: { self?: string | null; turn_id?: string | null; conversation?: string | null };
  error?: { message?: string };
}

function headersOf(ask: Ask): Record<string, string> {
  const headers: Record<string, string> = { "X-Banchu-Mode": ask.mode, "X-Banchu-Conversation": ask.conversation };
  if (ask.mask !== "") headers["X-Banchu-Mask"] = ask.mask;
  return headers;
}

function chunkOf(event: ServerEvent): Chunk {
  const chunk = JSON.parse(event.data) as Chunk;
  if (chunk.error) throw new ApiError(500, chunk.error.message ?? "");
  return chunk;
}

// Calls `onText` with each piece. Ends with an ApiError when the server fails, and with an AbortError after
// signal.abort().
export async function say(ask: Ask, onText: (text: string) => void, signal: AbortSignal): Promise<ReplyEnd> {
  const response = await open("/v1/chat/completions", {
    body: { messages: ask.messages, stream: true },
    headers: headersOf(ask),
    signal,
  });
  const end: ReplyEnd = { cut: "no", turn: "", conversation: "", self: "" };
  let characters = 0;
  let isWhole = false;
  for await (const event of eventsOf(response.body!)) {
    if (event.data === "[DONE]") return end;
    const chunk = chunkOf(event);
    const choice = chunk.choices?.[0];
    const text = choice?.delta?.content ?? "";
    characters += text.length;
    if (text !== "") onText(text);
    if (choice?.finish_reason) isWhole = true;
    if (choice?.finish_reason === "length") end.cut = "length";
    if (chunk.banchu) {
      end.turn = chunk.banchu.turn_id ?? "";
      end.conversation = chunk.banchu.conversation ?? "";
      end.self = chunk.banchu.self ?? "";
    }
    if (characters > kMostCharacters) return { ...end, cut: "size" };
  }
  if (!isWhole) throw new ApiError(0, "");
  return end;
}

// One call to the server that this page came from: the key, JSON in and out, and every failure as an ApiError.

export class ApiError extends Error {
  // status 0: nothing answered.
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const kKeyName = "banchu-key";

// The key lives as long as this tab.
export function currentKey(): string {
  return sessionStorage.getItem(kKeyName) ?? "";
}
export function useKey(key: string): void {
  if (key === "") sessionStorage.removeItem(kKeyName);
  else sessionStorage.setItem(kKeyName, key);
}

type Headers = Record<string, string>;

function headersWith(extra: Headers): Headers {
  const key = currentKey();
  return key === "" ? extra : { ...extra, Authorization: `Bearer ${key}` };
}

// What went wrong, in the server's own words where it has some.
async function errorOf(response: Response): Promise<ApiError> {
  let message = `HTTP ${response.status}`;
  try {
    const body = (await response.json()) as { error?: { message?: string } | string };
    if (typeof body.error === "string") message = body.error;
    else if (body.error?.message) message = body.error.message;
  } catch {
    // not JSON: the status must do
  }
  return new ApiError(response.status, message);
}

export interface CallOptions {
  body?: unknown; // makes it a POST
  headers?: Headers;
  signal?: AbortSignal;
}

// The answer, its status checked and its body unread.
export async function open(path: string, options: CallOptions = {}): Promise<Response> {
  const request: RequestInit = { headers: headersWith(options.headers ?? {}) };
  if (options.signal) request.signal = options.signal;
  if (options.body !== undefined) {
    request.method = "POST";
    request.headers = headersWith({ ...options.headers, "Content-Type": "application/json" });
    request.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    throw new ApiError(0, "");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  return (await (await open(path, options)).json()) as T;
}

// A segment of a path that came from data.
export function segment(id: string): string {
  return encodeURIComponent(id);
}

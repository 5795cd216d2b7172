/** How a call travels: address, token, time limit, retries, and what an answer or its absence means. */
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import { addressFrom, tokenFrom } from "./address.ts";
import { hintOfRedirect } from "./redirect.ts";

export interface ClientOptions {
  /** Where the server is, for example https://prompts.example.com; a path in front of /api is kept. */
  url: string;
  /** An API key or a login token. In pages the cookie of the login does. */
  token?: string;
  /** The project to work in. A key belongs to one project already; a login without it works in `default`. */
  project?: string;
  /** In place of the global `fetch`: to add a proxy, or to see every request. */
  fetch?: typeof globalThis.fetch;
  /** How often a GET is sent again when nothing answers or the answer is 503; 2 when left out. Writes never are. */
  retries?: number;
  /** How long an answer may take, in ms; 30,000 when left out. An import may take as long as it does. */
  timeout?: number;
}

/** `mirror`: the database was away, the answer is the last state that the server knew. */
export type ServedFrom = "mirror" | "database";

export interface Call {
  method: Route["method"];
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Changes nothing, although it is no GET: may be sent again. */
  repeatable?: true;
  /** Statuses that are answers too, besides 2xx. */
  accepts?: readonly number[];
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Transport {
  /** The address that was given, as it appears in messages. */
  readonly base: string;
  /** For queries: the project, where one was given. */
  readonly project: { project?: string };
  /** The types of answers are the server's promise; tests of the server keep it, not this client. */
  answer<T>(call: Call): Promise<Answer<T>>;
  body<T>(call: Call): Promise<T>;
  /** The answer of a status below 300, to be read as it comes, for as long as it takes. */
  stream(call: Call, signal: AbortSignal): Promise<Response>;
  /** Sends lines while the answer is being read. The caller reads the answer of a status below 300. */
  exchange(call: Call, lines: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Response>;
}

/** Browsers send no stream over HTTP/1.1, most of them none at all: there all is put together first, on their disk. */
const isPage = "document" in globalThis;

async function wholeOf(lines: ReadableStream<Uint8Array>): Promise<Blob> {
  return await new Response(lines).blob();
}

/** Elsewhere none is followed. Pages come through whatever stands before their server; they are not told where it leads. */
const redirect: "follow" | "manual" = isPage ? "follow" : "manual";

/** Longest that Retry-After is waited for. Who asks for more gets no second request from us. */
const LONGEST_WAIT_MS = 2000;
const FIRST_WAIT_MS = 150;

/** Throws `invalid_request` for an address or token that cannot be sent. */
export function createTransport(options: ClientOptions): Transport {
  const base = addressFrom(options.url);
  const token = tokenFrom(options.token);
  const send: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const retries = options.retries ?? 2;
  const timeout = options.timeout ?? 30_000;
  const address = ({ path, query = {} }: Call) => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    return `${base}${path}${search.size > 0 ? `?${search}` : ""}`;
  };

  async function once(call: Call): Promise<Outcome> {
    const json = call.body === undefined ? undefined : JSON.stringify(call.body);
    const type = json === undefined ? undefined : "application/json";
    const init = { method: call.method, headers: headersOf(call, token, type), body: json ?? null, redirect };
    try {
      const response = await send(address(call), { ...init, signal: AbortSignal.timeout(timeout) });
      return { response, text: await response.text() };
    } catch (error) {
      return {
        failure: unreachable(call, base, error),
        again: !isTimeout(error) && !(error instanceof PromptlibError),
      };
    }
  }

  async function answer<T>(call: Call): Promise<Answer<T>> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await once(call);
      const mayRepeat = (call.method === "GET" || call.repeatable === true) && attempt < retries;
      const wait = mayRepeat ? waitBeforeRepeating(outcome, call, attempt) : null;
      if (wait === null) return settle<T>(outcome, call, base);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async function opened(call: Call, init: RequestInit): Promise<Response> {
    const response = await send(address(call), { ...init, redirect });
    if (!response.ok) throw errorIn(response, await response.text(), call, base);
    return response;
  }

  return {
    base,
    project: options.project === undefined ? {} : { project: options.project },
    answer,
    async body<T>(call: Call) {
      return (await answer<T>(call)).body;
    },
    async stream(call, signal) {
      return await opened(call, { method: call.method, headers: headersOf(call, token, undefined), signal });
    },
    async exchange(call, lines, signal) {
      const headers = headersOf(call, token, "application/x-ndjson");
      if (isPage) return await opened(call, { method: call.method, headers, body: await wholeOf(lines), signal });
      // "half" is what fetch demands for a streamed body; Node answers while it is still being sent.
      const init = { method: call.method, headers, body: lines, duplex: "half" as const, signal };
      return await opened(call, init);
    },
  };
}

const headersByError = new WeakMap<PromptlibError, Headers>();

/** What the answer said beside the error that it told; null: there was none. */
export function aboutError(error: PromptlibError): { retryAfterMs: number | null; servedFrom: ServedFrom } | null {
  const headers = headersByError.get(error);
  if (!headers) return null;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return { retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null, servedFrom: servedFrom(headers) };
}

export function servedFrom(headers: Headers): ServedFrom {
  return headers.get("x-served-from") === "mirror" ? "mirror" : "database";
}

function errorIn(response: Response, text: string, { path }: Call, base: string): PromptlibError {
  const error = errorOf(response.status, text, base, hintOfRedirect(response, base, path));
  headersByError.set(error, response.headers);
  return error;
}

type Outcome = { response: Response; text: string } | { failure: PromptlibError; again: boolean };

function headersOf(call: Call, token: string | undefined, type: string | undefined): Record<string, string> {
  return {
    accept: "application/json",
    ...(type ? { "content-type": type } : {}),
    // Without a token it is a page with a cookie, and the server wants to know that no other site made it write.
    ...(token ? { authorization: `Bearer ${token}` } : call.method === "GET" ? {} : { "x-promptlib-csrf": "1" }),
    ...call.headers,
  };
}

/** Milliseconds, or null: do not send it again. */
function waitBeforeRepeating(outcome: Outcome, call: Call, attempt: number): number | null {
  // Jitter, so that the clients of a server that comes back do not all arrive at once.
  const backOff = FIRST_WAIT_MS * 2 ** attempt * (0.5 + Math.random());
  if ("failure" in outcome) return outcome.again ? backOff : null;
  if (outcome.response.status !== 503 || call.accepts?.includes(503)) return null;
  const asked = Number(outcome.response.headers.get("retry-after") ?? 0) * 1000;
  if (Number.isNaN(asked)) return backOff;
  return asked > LONGEST_WAIT_MS ? null : Math.max(asked, backOff);
}

function settle<T>(outcome: Outcome, call: Call, base: string): Answer<T> {
  if ("failure" in outcome) throw outcome.failure;
  const { response, text } = outcome;
  const { status, headers } = response;
  if (!response.ok && !call.accepts?.includes(status)) throw errorIn(response, text, call, base);
  const empty = status === 204 || status === 304;
  const body: unknown = empty ? null : parseJson(text);
  // An error of ours may come with a status that is otherwise an answer (503 of the health).
  if (!empty && (!isObject(body) || (!response.ok && "error" in body))) throw errorIn(response, text, call, base);
  return { status, headers, body: body as T };
}

/** The error that an answer tells; an answer that is not the server's own tells that something stands in between. */
export function errorOf(status: number, text: string, base: string, hint: string | null = null): PromptlibError {
  const body = parseJson(text);
  const error = isObject(body) && isObject(body.error) ? body.error : null;
  if (error && typeof error.code === "string" && typeof error.message === "string") {
    const { code, message, details } = error;
    const kept = { message, details, ...(typeof error.hint === "string" ? { hint: error.hint } : {}) };
    return new PromptlibError(isErrorCode(code) ? code : "internal", kept);
  }
  return new PromptlibError("server_unreachable", {
    message: `What answers at ${base} (status ${status}) is not Prompt Library.`,
    hint: hint ?? "Check the address and any proxy in between; the server itself may be down.",
  });
}

export function unreachable(call: Pick<Call, "method">, base: string, error: unknown): PromptlibError {
  // A `fetch` of the application's own may know better.
  if (error instanceof PromptlibError) return error;
  const code = networkCode(error);
  const why = isTimeout(error) ? "in time" : `(${code ?? (error instanceof Error ? error.message : String(error))})`;
  const never = call.method === "GET" || code === "ECONNREFUSED" || code === "ENOTFOUND";
  return new PromptlibError("server_unreachable", {
    message: `The server at ${base} does not answer ${why}.${never ? "" : " Whether this was done is not known."}`,
    cause: error,
  });
}

/** The system's word for a failed connection (`ECONNREFUSED`, …), where the platform tells it. */
export function networkCode(error: unknown): string | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return null;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

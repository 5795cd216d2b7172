/**
 * The hot path: GET /api/prompts/NAME[?label=|?version=] with an API key, answered from memory before Fastify sees it,
 * because its routing and hooks cost a third of the throughput (docs/benchmarks.md). Whatever is not plain is left to
 * the route of the table: it answers the same, and makes every error.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PromptlibError } from "../contract/errors.ts";
import type { Selector } from "../library/find.ts";
import { JSON_TYPE, NOSNIFF, RENAMED_TO, REVISION } from "./answer.ts";
import { isStillSending } from "./bodies.ts";
import type { Parts } from "./route.ts";

const PREFIX = "/api/prompts/";
/** Characters that a router takes for more than a letter of a name. */
const NOT_PLAIN = /[/#;\\]/;

/** Answers whether it answered. */
export function hotFetch(parts: Parts, request: IncomingMessage, response: ServerResponse): boolean {
  const { url, method, headers } = request;
  if (method !== "GET" || !url?.startsWith(PREFIX) || !headers.authorization?.startsWith("Bearer plk_")) return false;
  if (headers["if-none-match"] !== undefined || !parts.backend.isFresh) return false;
  if (parts.maintenance.mode === "closed" || isStillSending(request)) return false;
  const asked = parse(url);
  const key = asked ? parts.gate.checkKey(headers.authorization.slice(7)) : null;
  if (!asked || !key?.scopes.some((scope) => scope === "read" || scope === "write")) return false;
  const project = parts.backend.access.projectById(key.projectId);
  const ready = project && peek(parts, project, asked);
  if (!ready) return false;
  parts.lastUsed.used(key.id);
  parts.fetchCounts.fetched(ready.promptId, asked.selector, key.id);
  parts.metrics.hotFetches += 1;
  response.writeHead(200, [
    "content-type",
    JSON_TYPE,
    "content-length",
    String(ready.bytes.length),
    "etag",
    ready.etag,
    "cache-control",
    "private, no-cache",
    ...NOSNIFF,
    ...(ready.revision === null ? [] : [REVISION, ready.revision]),
    ...(ready.renamedTo === null ? [] : [RENAMED_TO, encodeURIComponent(ready.renamedTo)]),
  ]);
  response.end(ready.bytes);
  return true;
}

function peek({ backend }: Parts, project: { id: string; name: string }, { name, selector }: Asked) {
  try {
    return backend.ready.peek(project, name, selector);
  } catch (error) {
    if (error instanceof PromptlibError) return undefined; // no such label: the route says so
    throw error;
  }
}

interface Asked {
  name: string;
  selector: Selector;
}

/** null: not plain. */
function parse(url: string): Asked | null {
  const question = url.indexOf("?");
  const path = question < 0 ? url.slice(PREFIX.length) : url.slice(PREFIX.length, question);
  if (path === "" || NOT_PLAIN.test(path)) return null;
  const selector = question < 0 ? {} : parseSelector(url.slice(question + 1));
  if (!selector) return null;
  if (!path.includes("%")) return { name: path, selector };
  try {
    return { name: decodeURIComponent(path).normalize("NFC"), selector };
  } catch {
    return null; // malformed: the route says so
  }
}

function parseSelector(query: string): Selector | null {
  const label = /^label=([a-z0-9._-]{1,36})$/.exec(query)?.[1];
  if (label) return { label };
  const version = /^version=([1-9]\d{0,8})$/.exec(query)?.[1];
  return version ? { version: Number(version) } : null;
}

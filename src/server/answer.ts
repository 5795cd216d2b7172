/** Answers, as they go over the wire: bodies, lines, errors. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { sleep } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { routes } from "../contract/routes.ts";
import { endUnlessWhole, isStillSending } from "./bodies.ts";
import { isToldByMirror, toPromptlibError } from "./failure.ts";
import { forWantOfRoom } from "./room.ts";
import type { Answer, Parts } from "./route.ts";

export const JSON_TYPE = "application/json; charset=utf-8";
const LINES_TYPE = "application/x-ndjson";
/** Every GET is also a HEAD: nothing is read for the lines of one that has no body. */
export const ONLY_HEAD_OF_LINES = { headers: { "content-type": LINES_TYPE } };
/** On every answer: what we say it is, a browser must not take for something else. */
export const NOSNIFF = ["x-content-type-options", "nosniff"] as const;

/** The present name of a prompt that was asked for by a former one, encoded as in a URL. */
export const RENAMED_TO = "x-renamed-to";

/** Of the prompt that was fetched: grows with each change of it, so that of two answers the newer one is known. */
export const REVISION = "x-revision";

/** On answers that the database did not give. */
export const FROM_MIRROR = { "x-served-from": "mirror" };

/** How long the rest of a request is read that nobody needs any more. */
const LINGER_MS = 10_000;

/** How long an answer of many lines waits for somebody who reads none of them. */
const STALLED_MS = 60_000;

export async function send(parts: Parts, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { status = 200, body, headers = {}, stream } = answer;
  if (stream) {
    reply.hijack();
    reply.raw.setHeader(...NOSNIFF);
    stream(reply.raw);
    return reply;
  }
  reply
    .code(status)
    .header(...NOSNIFF)
    .headers(headers);
  if (body === undefined) return reply.send();
  if (isAsyncIterable(body)) return sendLines(parts, reply, status, body);
  if (Buffer.isBuffer(body)) return reply.type(JSON_TYPE).send(body);
  if (typeof body === "string") return reply.send(body);
  return reply.type(JSON_TYPE).send(JSON.stringify(body));
}

function isAsyncIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** The status is sent before the end is known, so an error on the way is a line of its own, the last. */
async function sendLines(
  parts: Parts,
  reply: FastifyReply,
  status: number,
  lines: AsyncIterable<unknown>,
): Promise<FastifyReply> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(status, ["content-type", LINES_TYPE, ...NOSNIFF]);
  raw.flushHeaders();
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  // Who has left already closes nothing any more.
  if (raw.destroyed || raw.closed) gone.abort();
  const held = parts.heldAnswers.begin();
  const isHeld = () => isSendingPage(reply.request) && parts.heldAnswers.hasRoom;
  try {
    for await (const line of lines) {
      if (gone.signal.aborted) break;
      held.add(`${JSON.stringify(line)}\n`);
      if (raw.writableNeedDrain && isHeld()) continue;
      const isTaken = raw.write(held.take());
      if (!isTaken && !gone.signal.aborted && !isHeld()) await drainedOr(gone.signal, raw);
    }
    if (!gone.signal.aborted) raw.write(held.take());
  } catch (error) {
    if (!gone.signal.aborted) {
      raw.write(held.take());
      raw.write(`${JSON.stringify(problemOf(parts, error, reply.request))}\n`);
      await readOut(parts, reply.request.raw);
    }
  } finally {
    held.take();
  }
  raw.end();
  return reply;
}

function isSendingPage({ headers, raw }: FastifyRequest): boolean {
  return headers["x-promptlib-csrf"] !== undefined && !raw.complete;
}

/** An answer that ends while the request is still being sent breaks the connection, and may itself be lost. */
async function readOut({ bodyPatience }: Parts, request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  endUnlessWhole(request, bodyPatience);
  const end = Promise.withResolvers<void>();
  for (const event of ["end", "close", "error"]) request.once(event, () => end.resolve());
  request.resume();
  await Promise.race([end.promise, sleep(LINGER_MS)]);
}

/** Waits until whoever reads has caught up, or is gone. Who reads nothing for long is let go: the rest holds a connection. */
async function drainedOr(gone: AbortSignal, raw: FastifyReply["raw"]): Promise<void> {
  const late = setTimeout(() => raw.destroy(), STALLED_MS);
  try {
    await once(raw, "drain", { signal: gone });
  } catch (error) {
    if (!gone.aborted && !raw.destroyed) throw error;
  } finally {
    clearTimeout(late);
  }
}

function problemOf({ backend }: Parts, error: unknown, request: FastifyRequest): PromptlibError {
  const id = request.routeOptions?.config?.id;
  return forWantOfRoom(toPromptlibError(backend.log, error, request.id), id && routes[id], backend.config);
}

export function fail(parts: Parts, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(parts, error, request);
  parts.metrics.answered(request.routeOptions?.config?.id ?? "none", problem.status);
  const { retryAfterSeconds } = (problem.details ?? {}) as { retryAfterSeconds?: number };
  if (problem.status === 503 || problem.status === 429)
    void reply.header("retry-after", String(retryAfterSeconds ?? 1));
  if (isToldByMirror(problem)) void reply.header("x-served-from", "mirror");
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  const body = JSON.stringify(problem);
  reply
    .code(problem.status)
    .header(...NOSNIFF)
    .type(JSON_TYPE);
  if (isStillSending(request.raw)) void sendMeanwhile(parts, request.raw, reply, body);
  else void reply.send(body);
}

/** The answer is whole at once; the connection goes on until the request is whole too. */
async function sendMeanwhile(parts: Parts, request: IncomingMessage, reply: FastifyReply, body: string): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(reply.statusCode, { "content-length": Buffer.byteLength(body) });
  raw.write(body);
  await readOut(parts, request);
  raw.end();
}

/** What is no HTTP, or more header than anyone needs, reaches no route. */
export function answerBadHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const message =
    error.code === "HPE_HEADER_OVERFLOW" ? "The header of the request is too large." : "The request is not HTTP.";
  const body = JSON.stringify(new PromptlibError("invalid_request", { message }));
  const head = [
    "HTTP/1.1 400 Bad Request",
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    NOSNIFF.join(": "),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

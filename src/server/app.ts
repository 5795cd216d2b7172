/** Registers the table of routes on Fastify: who asks, may they, is the input right, do it, answer. */
import { once } from "node:events";
import type { Server } from "node:http";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PromptlibError } from "../contract/errors.ts";
import { type Route, type RouteId, routes } from "../contract/routes.ts";
import { REQUEST_LIMIT } from "../contract/shapes.ts";
import type { ProjectRef } from "../library/find.ts";
import { Proxies } from "./addresses.ts";
import { type Caller, callerName } from "./caller.ts";
import { toPromptlibError } from "./failure.ts";
import { peopleHandlers } from "./handlers-people.ts";
import { promptHandlers } from "./handlers-prompts.ts";
import { systemHandlers } from "./handlers-system.ts";
import { hotFetch } from "./hot-fetch.ts";
import { needsProject, projectOf, requireInstanceAccess, requireProjectAccess } from "./permission.ts";
import { type Answer, type Handler, type HandlerId, type Handlers, handlerOf, type Parts, validate } from "./route.ts";

const handlers: Handlers = { ...systemHandlers, ...peopleHandlers, ...promptHandlers };
const JSON_TYPE = "application/json; charset=utf-8";

export async function createApp(parts: Parts, makeServer: (listener: Listener) => Server): Promise<FastifyInstance> {
  const app = Fastify({
    disableRequestLogging: true,
    bodyLimit: REQUEST_LIMIT,
    routerOptions: { maxParamLength: 4096 },
    requestTimeout: 0,
    forceCloseConnections: "idle",
    // While it drains, what still arrives on an open connection is answered like before.
    return503OnClosing: false,
    genReqId: () => crypto.randomUUID(),
    serverFactory: (handler) =>
      makeServer((request, response) => hotFetch(parts, request, response) || handler(request, response)),
  });
  readBodies(app);
  app.setErrorHandler((error, request, reply) => fail(parts, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    fail(
      parts,
      new PromptlibError("not_found", { message: `There is nothing at ${request.method} ${pathOf(request)}.` }),
      request,
      reply,
    ),
  );
  const proxies = new Proxies(parts.backend.config.trustProxy);
  for (const [id, route] of Object.entries<Route>(routes)) register(app, parts, proxies, id as RouteId, route);
  await app.ready();
  return app;
}

type Listener = (request: Parameters<typeof hotFetch>[1], response: Parameters<typeof hotFetch>[2]) => void;

/** Only JSON, as UTF-8 that is UTF-8; lines are left to the route that reads them. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(decoder.decode(body as Buffer)));
    } catch (error) {
      done(new PromptlibError("invalid_request", { message: "The body is not JSON in UTF-8.", cause: error }));
    }
  });
  app.addContentTypeParser("application/x-ndjson", (_request, _payload, done) => done(null));
}

function register(app: FastifyInstance, parts: Parts, proxies: Proxies, id: RouteId, route: Route): void {
  const handle = handlers[handlerOf(id)] as Handler<HandlerId>;
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    handler: async (request, reply) => {
      const address = proxies.clientOf(request.raw);
      const caller = route.access === "public" ? null : await identify(parts, request);
      const project = authorize(parts, route, caller, request);
      const input = validate(route, { params: request.params, query: request.query, body: request.body });
      if (!route.withoutDatabase) parts.backend.requireDatabase();
      const answer = await handle(
        {
          ...namesFromQuery(route, input),
          get caller() {
            if (!caller) throw new PromptlibError("unauthenticated");
            return caller;
          },
          get actor() {
            return { name: caller ? callerName(caller) : "nobody", address };
          },
          get project() {
            if (!project) throw new Error(`${id} belongs to no project`);
            return project;
          },
          raw: request.raw,
          address,
        } as Parameters<typeof handle>[0],
        parts,
      );
      parts.metrics.answered(id, answer.status ?? 200);
      return send(parts, reply, answer);
    },
  });
}

async function identify(parts: Parts, request: FastifyRequest): Promise<Caller | null> {
  try {
    const caller = await parts.gate.identify(request.headers);
    if (caller?.kind === "key") parts.lastUsed.used(caller.key.id);
    if (
      caller?.kind === "user" &&
      caller.byCookie &&
      request.method !== "GET" &&
      !request.headers["x-promptlib-csrf"]
    ) {
      throw new PromptlibError("csrf");
    }
    return caller;
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "unauthenticated") parts.metrics.keyFailures.inc();
    throw error;
  }
}

function authorize(parts: Parts, route: Route, caller: Caller | null, request: FastifyRequest): ProjectRef | null {
  if (!needsProject(route.access)) {
    requireInstanceAccess(route.access, caller);
    return null;
  }
  const { project: named } = request.query as { project?: unknown };
  const project = projectOf(parts.backend.access, caller, typeof named === "string" ? named : undefined);
  if (!caller) throw new PromptlibError("unauthenticated");
  const { label } = request.params as { label?: string };
  requireProjectAccess(route.access, caller, project, label ?? null);
  return project;
}

/** /api/prompt?name=… is /api/prompts/{name}: to the handler it is one. */
function namesFromQuery(route: Route, input: { params: unknown; query: unknown; body: unknown }) {
  const { name, ...query } = (input.query ?? {}) as { name?: string };
  if (name === undefined || !route.path.startsWith("/api/prompt")) return input;
  return { ...input, query, params: { ...(input.params as object), name } };
}

async function send(parts: Parts, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { status = 200, body, headers = {} } = answer;
  reply.code(status).headers(headers);
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
  raw.writeHead(status, { "content-type": "application/x-ndjson" });
  raw.flushHeaders();
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  try {
    for await (const line of lines) {
      if (gone.signal.aborted) break;
      if (!raw.write(`${JSON.stringify(line)}\n`)) await Promise.race([once(raw, "drain"), once(raw, "close")]);
    }
  } catch (error) {
    if (!gone.signal.aborted)
      raw.write(`${JSON.stringify(toPromptlibError(parts.backend.log, error, reply.request.id))}\n`);
  }
  raw.end();
  return reply;
}

function fail(parts: Parts, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toPromptlibError(parts.backend.log, error, request.id);
  parts.metrics.answered(request.routeOptions.url ?? "none", problem.status);
  const { retryAfterSeconds } = (problem.details ?? {}) as { retryAfterSeconds?: number };
  if (problem.status === 503 || problem.status === 429)
    void reply.header("retry-after", String(retryAfterSeconds ?? 1));
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  void reply.code(problem.status).type(JSON_TYPE).send(JSON.stringify(problem));
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0] ?? "/";
}

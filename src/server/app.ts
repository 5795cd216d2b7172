/** Registers the table of routes on Fastify: who asks, may they, is the input right, do it, answer. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import { PromptlibError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import { type RouteId, routes } from "../contract/routes.ts";
import { PUBLIC_REQUEST_LIMIT, REQUEST_LIMIT } from "../contract/shapes.ts";
import { Proxies } from "./addresses.ts";
import { type Admitted, admit } from "./admit.ts";
import { answerBadHttp, fail, send } from "./answer.ts";
import { endUnlessWhole, readBodies, requireMediaType } from "./bodies.ts";
import { callerName } from "./caller.ts";
import { accountHandlers } from "./handlers-accounts.ts";
import { auditHandlers } from "./handlers-audit.ts";
import { changeHandlers } from "./handlers-changes.ts";
import { labelHandlers } from "./handlers-labels.ts";
import { maintenanceHandlers } from "./handlers-maintenance.ts";
import { peopleHandlers } from "./handlers-people.ts";
import { promptHandlers } from "./handlers-prompts.ts";
import { recoveryHandlers } from "./handlers-recovery.ts";
import { searchHandlers } from "./handlers-search.ts";
import { systemHandlers } from "./handlers-system.ts";
import { hotFetch } from "./hot-fetch.ts";
import { servePages } from "./pages.ts";
import { protectedLabelsOf } from "./permission.ts";
import { type Handler, type HandlerId, type Handlers, handlerOf, type Parts, validate } from "./route.ts";

/** So long a connection may be silent in the middle of a body that is kept until it is whole. */
const BODY_SILENCE_MS = 30_000;

const handlers: Handlers = {
  ...systemHandlers,
  ...accountHandlers,
  ...auditHandlers,
  ...peopleHandlers,
  ...promptHandlers,
  ...labelHandlers,
  ...maintenanceHandlers,
  ...recoveryHandlers,
  ...changeHandlers,
  ...searchHandlers,
};

export async function createApp(parts: Parts, makeServer: (listener: Listener) => Server): Promise<FastifyInstance> {
  const app = Fastify({
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: REQUEST_LIMIT,
    routerOptions: { maxParamLength: 4096 },
    requestTimeout: 0,
    genReqId: () => crypto.randomUUID(),
    frameworkErrors: (error, request, reply) => fail(parts, error, request, reply),
    clientErrorHandler: answerBadHttp,
    serverFactory: (handler) =>
      makeServer((request, response) => hotFetch(parts, request, response) || handler(request, response)),
  });
  readBodies(app);
  app.setErrorHandler((error, request, reply) => fail(parts, error, request, reply));
  // Else the body of what leads nowhere would be read first.
  app.addHook("onRequest", async (request) => {
    if (request.is404) throw nothingAt(request);
    // An import takes as long as it goes on. The pages are in no table.
    const { id } = request.routeOptions.config;
    if (id === undefined || !isImport(routes[id])) endUnlessWhole(request.raw, parts.bodyPatience);
  });
  app.setNotFoundHandler((request, reply) => fail(parts, nothingAt(request), request, reply));
  const proxies = new Proxies(parts.backend.config.trustProxy);
  for (const [id, route] of Object.entries<Route>(routes)) register(app, parts, proxies, id as RouteId, route);
  servePages(app);
  await app.ready();
  return app;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

function nothingAt(request: FastifyRequest): PromptlibError {
  const [path = "/"] = request.url.split("?");
  return new PromptlibError("not_found", { message: `There is nothing at ${request.method} ${path}.` });
}

/** Its body is read as it comes. */
function isImport({ media, body }: Route): boolean {
  return media !== undefined && body !== undefined;
}

function register(app: FastifyInstance, parts: Parts, proxies: Proxies, id: RouteId, route: Route): void {
  const handle = handlers[handlerOf(id)] as Handler<HandlerId>;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    config: { id },
    bodyLimit: route.access === "public" ? PUBLIC_REQUEST_LIMIT : REQUEST_LIMIT,
    // Before the body is read: who may not come in sends nothing in either.
    async onRequest(request) {
      admitted.set(request, await admit(parts, route, request));
      parts.maintenance.require(route);
      requireMediaType(route, request);
      if (!isImport(route)) request.raw.setTimeout(BODY_SILENCE_MS);
    },
    async handler(request, reply) {
      request.raw.setTimeout(0);
      const { caller = null, project = null } = admitted.get(request) ?? {};
      const input = validate(route, { params: request.params, query: request.query, body: request.body });
      // It may have begun while the body was read.
      parts.maintenance.require(route);
      if (!route.withoutDatabase) parts.backend.requireDatabase();
      const address = proxies.clientOf(request.raw);
      const answer = await handle(
        {
          ...namesFromQuery(route, input),
          get caller() {
            if (!caller) throw new PromptlibError("unauthenticated");
            return caller;
          },
          get actor() {
            const protectedLabels = caller && project ? protectedLabelsOf(caller, project) : [];
            return { name: caller ? callerName(caller) : "nobody", address, protectedLabels };
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

/** /api/prompt?name=… is /api/prompts/{name}: to the handler it is one. */
function namesFromQuery(route: Route, input: { params: unknown; query: unknown; body: unknown }) {
  const { name, ...query } = (input.query ?? {}) as { name?: string };
  if (name === undefined || !route.path.startsWith("/api/prompt")) return input;
  return { ...input, query, params: { ...(input.params as object), name } };
}

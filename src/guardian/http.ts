/**
 * What the guardian answers over HTTP. /health and /metrics are open; everything else is for operators and for the
 * server in their name (operators.ts).
 */
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { now } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import type { Acting } from "../base/guardian-token.ts";
import { whyNotListening } from "../base/listening-socket.ts";
import { keepLocalFile } from "../base/local-file.ts";
import type { Log } from "../base/log.ts";
import { CHANGE_PATIENCE_MS, MaintenanceFile } from "../base/maintenance-file.ts";
import { version } from "../base/version.ts";
import { PromptlibError } from "../contract/errors.ts";
import { auditedMaintenance, type MaintenanceChange, maintenanceChange } from "../contract/maintenance.ts";
import { checked } from "./checked.ts";
import type { Journal } from "./journal.ts";
import type { GuardianMetrics } from "./metrics.ts";
import { isPerson, Operators, requireServer } from "./operators.ts";
import { type Answering, recoveryRoutes } from "./recovery-routes.ts";

export interface GuardianServer {
  url: string;
  close(): Promise<void>;
}

interface Parts {
  config: Config;
  log: Log;
  jwtSecret: string;
  guardian: Answering;
  journal: Journal;
  metrics: GuardianMetrics;
}

const BODY_LIMIT = 64 * 1024;
/** Who was admitted has a name. */
const NOBODY: Acting = { name: "nobody", address: null };

/** Errors: `port_in_use`, `config_invalid` where HOST or GUARDIAN_PORT cannot be listened on. */
export async function startGuardianServer(parts: Parts): Promise<GuardianServer> {
  const { config } = parts;
  const operators = new Operators(config.home, parts.jwtSecret);
  const app = Fastify({
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
  });
  app.setErrorHandler((error, _request, reply) => fail(parts, error, reply));
  app.setNotFoundHandler((request, reply) =>
    fail(
      parts,
      new PromptlibError("not_found", { message: `There is nothing at ${request.method} ${request.url}.` }),
      reply,
    ),
  );
  openRoutes(app, parts);
  const acting = new WeakMap<FastifyRequest, Acting>();
  const onRequest = async (request: FastifyRequest) => {
    const who = await operators.identify(request.headers, request.ip);
    if (!who) throw new PromptlibError("unauthenticated");
    acting.set(request, who);
  };
  const actor = (request: FastifyRequest) => acting.get(request) ?? NOBODY;
  recoveryRoutes(app, { ...parts, onRequest, actor });
  maintenanceRoutes(app, { ...parts, onRequest, actor }, await MaintenanceFile.open(config.home));
  const url = await listen(app, config);
  const file = await keepLocalFile(config.home, "guardian.json", { url, token: operators.localToken });
  return {
    url,
    async close() {
      await file.remove();
      await app.close();
    },
  };
}

function openRoutes(app: FastifyInstance, { metrics }: Parts): void {
  app.get("/health", () => ({ status: "ok" }));
  app.get("/metrics", async (_request, reply) => {
    await reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

interface Admitting {
  onRequest(request: FastifyRequest): Promise<void>;
  actor(request: FastifyRequest): Acting;
}

/** Servers ask each second, and send what an operator decided; also the command line, where no server answers. */
function maintenanceRoutes(
  app: FastifyInstance,
  { log, onRequest, actor }: Parts & Admitting,
  maintenance: MaintenanceFile,
): void {
  app.get("/api/maintenance", { onRequest }, async () => await maintenance.read());
  app.put("/api/maintenance", { onRequest }, async (request) => {
    const change = decidedBy(actor(request), checked(maintenanceChange, request.body));
    const age = now().getTime() - Date.parse(change.at);
    if (Math.abs(age) > CHANGE_PATIENCE_MS) throw askedAtAnotherTime(age);
    log.info(change, "maintenance");
    return await maintenance.change(change);
  });
  app.put("/api/maintenance/audited", { onRequest }, async (request) => {
    requireServer(actor(request));
    return await maintenance.audited(checked(auditedMaintenance, request.body).id);
  });
}

/** A server says who decided; a person says it of nobody else. */
function decidedBy(who: Acting, change: MaintenanceChange): MaintenanceChange {
  return isPerson(who) ? { ...change, by: who.name, address: who.address } : change;
}

/** We stood still meanwhile, and whoever asked has gone; or the clock that they asked by is another, which would hide that. */
function askedAtAnotherTime(ms: number): PromptlibError {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const when = ms < 0 ? `in ${seconds} s: the clocks differ` : `${seconds} s ago: it stood still, or the clocks differ`;
  return new PromptlibError("guardian_unreachable", {
    message: `By the clock of the guardian this was asked ${when}. Nothing was changed.`,
    hint: "Try again; if it is refused again, set the clocks of the guardian and of the server.",
  });
}

async function listen(app: FastifyInstance, { host, guardianPort }: Config): Promise<string> {
  try {
    await app.listen({ host, port: guardianPort });
  } catch (error) {
    throw whyNotListening(error, host, guardianPort, "GUARDIAN_PORT");
  }
  const address = app.server.address() as AddressInfo;
  const name = ["0.0.0.0", "::"].includes(address.address) ? "127.0.0.1" : address.address;
  return `http://${address.family === "IPv6" && name.includes(":") ? `[${name}]` : name}:${address.port}`;
}

function fail({ log }: Parts, error: unknown, reply: FastifyReply): void {
  const told = errorOf(error);
  if (told.code === "internal") log.error({ err: error }, "a request failed");
  reply.header("x-promptlib-version", version).status(told.status).send(told.toJSON());
}

function errorOf(error: unknown): PromptlibError {
  if (error instanceof PromptlibError) return error;
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  return new PromptlibError(status >= 400 && status < 500 ? "invalid_request" : "internal", { cause: error });
}

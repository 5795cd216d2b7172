/**
 * What the guardian answers over HTTP. /health and /metrics are open; everything else is for the local operator: whoever
 * can read run/guardian.json.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import type { z } from "zod";
import { now } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { isErrno } from "../base/files.ts";
import { portInUse } from "../base/listening-socket.ts";
import { keepLocalFile } from "../base/local-file.ts";
import type { Log } from "../base/log.ts";
import { CHANGE_PATIENCE_MS, MaintenanceFile } from "../base/maintenance-file.ts";
import { version } from "../base/version.ts";
import { PromptlibError } from "../contract/errors.ts";
import { auditedMaintenance, maintenanceChange } from "../contract/maintenance.ts";
import { type Job, jobRequest, type Readiness } from "../contract/recovery.ts";
import type { Jobs } from "./jobs.ts";
import type { GuardianMetrics } from "./metrics.ts";

export interface GuardianServer {
  url: string;
  close(): Promise<void>;
}

/** Whom the routes ask. */
interface Answering {
  readonly jobs: Jobs;
  readiness(): Readiness;
}

interface Parts {
  config: Config;
  log: Log;
  guardian: Answering;
  metrics: GuardianMetrics;
}

const BODY_LIMIT = 64 * 1024;

/** Errors: `port_in_use`. */
export async function startGuardianServer(parts: Parts): Promise<GuardianServer> {
  const { config } = parts;
  const token = `plo_${randomBytes(32).toString("hex")}`;
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
  const onRequest = async (request: FastifyRequest) => {
    if (!isOperator(request, token)) throw new PromptlibError("unauthenticated");
  };
  operatorRoutes(app, parts, onRequest);
  maintenanceRoutes(app, parts, await MaintenanceFile.open(config.home), onRequest);
  const url = await listen(app, config);
  const file = await keepLocalFile(config.home, "guardian.json", { url, token });
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

type Admit = (request: FastifyRequest) => Promise<void>;

/** Servers ask each second, and send what an operator decided; also the command line, where no server answers. */
function maintenanceRoutes(app: FastifyInstance, { log }: Parts, maintenance: MaintenanceFile, onRequest: Admit): void {
  app.get("/api/maintenance", { onRequest }, async () => await maintenance.read());
  app.put("/api/maintenance", { onRequest }, async ({ body }) => {
    const change = checked(maintenanceChange, body);
    // We stood still meanwhile, and whoever asked has gone.
    if (now().getTime() - Date.parse(change.at) > CHANGE_PATIENCE_MS) throw new PromptlibError("guardian_unreachable");
    log.info(change, "maintenance");
    return await maintenance.change(change);
  });
  app.put("/api/maintenance/audited", { onRequest }, async ({ body }) => {
    return await maintenance.audited(checked(auditedMaintenance, body).id);
  });
}

/** Errors: `invalid_request`. */
function checked<T extends z.ZodType>(shape: T, body: unknown): z.infer<T> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new PromptlibError("invalid_request", {
    details: { faults: parsed.error.issues.map(({ message }) => message) },
  });
}

function operatorRoutes(app: FastifyInstance, { guardian, log }: Parts, onRequest: Admit): void {
  const { jobs } = guardian;
  app.get("/api/recovery/readiness", { onRequest }, () => guardian.readiness());
  app.get("/api/recovery/jobs", { onRequest }, () => ({ items: jobs.all }));
  app.post("/api/recovery/jobs", { onRequest }, async (request, reply) => {
    const order = checked(jobRequest, request.body);
    log.info({ by: request.headers["x-promptlib-os-user"], ...order }, "a job was ordered");
    await reply.status(202).send(jobs.start(order));
  });
  app.get<{ Params: { id: string } }>("/api/recovery/jobs/:id", { onRequest }, ({ params }) =>
    known(guardian, params.id),
  );
  app.delete<{ Params: { id: string } }>("/api/recovery/jobs/:id", { onRequest }, ({ params }) => {
    const job = known(guardian, params.id);
    jobs.cancel(job.id);
    return job;
  });
  app.get<{ Params: { id: string } }>("/api/recovery/jobs/:id/events", { onRequest }, async ({ params }, reply) => {
    const job = known(guardian, params.id);
    await reply.type("application/x-ndjson").send(eventsOf(guardian, job));
  });
}

function known({ jobs }: Answering, id: string): Job {
  const job = jobs.find(id);
  if (!job) throw new PromptlibError("not_found", { message: "There is no job with this id." });
  return job;
}

/** The job as a line, now and at every change, until it has ended. */
function eventsOf({ jobs }: Answering, job: Job): PassThrough {
  const lines = new PassThrough();
  const tell = () => {
    // Whoever reads slowly misses what is outdated anyway.
    if (!lines.writableNeedDrain || job.state !== "running") lines.write(`${JSON.stringify(job)}\n`);
    if (job.state !== "running") lines.end();
  };
  const silence = jobs.listen((changed) => {
    if (changed === job) tell();
  });
  lines.on("close", silence);
  lines.on("error", silence);
  tell();
  return lines;
}

function isOperator({ headers }: FastifyRequest, token: string): boolean {
  const given = /^bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", token, "buffer"));
}

async function listen(app: FastifyInstance, { host, guardianPort }: Config): Promise<string> {
  try {
    await app.listen({ host, port: guardianPort });
  } catch (error) {
    throw isErrno(error, "EADDRINUSE") ? portInUse(host, guardianPort) : error;
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

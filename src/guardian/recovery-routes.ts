/** Recovery over HTTP: how it is, what there is, what was tried, and jobs. For operators, or a server in their name. */
import { PassThrough } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Config } from "../base/config.ts";
import type { Acting } from "../base/guardian-token.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Job, jobRequest, type Readiness } from "../contract/recovery.ts";
import { drillReport, planRequest, restoreReport } from "../contract/recovery-shapes.ts";
import { readNewestReports } from "../recovery/reports.ts";
import { checked } from "./checked.ts";
import type { Jobs } from "./jobs.ts";
import type { Journal } from "./journal.ts";
import type { Looks } from "./looks.ts";
import { requireServer } from "./operators.ts";

/** Whom the routes ask. */
export interface Answering {
  readonly jobs: Pick<Jobs, "all" | "find" | "start" | "cancel" | "listen">;
  readonly looks: Pick<Looks, "info" | "plan">;
  readiness(): Readiness;
  hasLooked(): Promise<void>;
}

interface Parts {
  config: Config;
  log: Log;
  guardian: Answering;
  journal: Journal;
  onRequest: (request: FastifyRequest) => Promise<void>;
  actor(request: FastifyRequest): Acting;
}

const newest = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) });
const deedId = z.strictObject({ id: z.string().min(1).max(64) });

export function recoveryRoutes(app: FastifyInstance, parts: Parts): void {
  const { guardian, journal, onRequest, actor } = parts;
  app.get("/api/recovery/readiness", { onRequest }, async () => {
    await guardian.hasLooked();
    return guardian.readiness();
  });
  app.get("/api/recovery/info", { onRequest }, async () => await guardian.looks.info());
  app.post("/api/recovery/plan", { onRequest }, async ({ body }) => {
    return await guardian.looks.plan(checked(planRequest, body));
  });
  app.get("/api/recovery/deeds", { onRequest }, () => ({ items: journal.waiting }));
  app.put("/api/recovery/deeds/audited", { onRequest }, async (request) => {
    requireServer(actor(request));
    await journal.audited(checked(deedId, request.body).id);
    return { items: journal.waiting };
  });
  reportRoutes(app, parts);
  jobRoutes(app, parts);
}

function reportRoutes(app: FastifyInstance, { config, onRequest }: Parts): void {
  const { recovery } = config.home;
  const list = async (kind: "drills" | "restores", shape: z.ZodType, query: unknown) => {
    const { reports, total } = await readNewestReports(recovery, kind, checked(newest, query).limit);
    // One of another version, which nobody understands, is passed over like one that is torn.
    const items = reports.filter((report) => shape.safeParse(report).success).reverse();
    return { items, nextCursor: null, total, totalIsExact: true };
  };
  app.get("/api/recovery/drills", { onRequest }, async ({ query }) => await list("drills", drillReport, query));
  app.get("/api/recovery/restores", { onRequest }, async ({ query }) => await list("restores", restoreReport, query));
}

function jobRoutes(app: FastifyInstance, { guardian, journal, onRequest, actor }: Parts): void {
  const { jobs } = guardian;
  app.get("/api/recovery/jobs", { onRequest }, () => ({ items: jobs.all }));
  app.post("/api/recovery/jobs", { onRequest }, async (request, reply) => {
    const order = checked(jobRequest, request.body);
    const job = jobs.start(order, actor(request).name);
    // A plan changes nothing.
    const isDeed = order.verb !== "restore" || order.options.plan !== true;
    if (isDeed) await journal.ordered(actor(request), order.verb, job);
    await reply.status(202).send(job);
  });
  app.get<{ Params: { id: string } }>("/api/recovery/jobs/:id", { onRequest }, ({ params }) =>
    known(guardian, params.id),
  );
  app.delete<{ Params: { id: string } }>("/api/recovery/jobs/:id", { onRequest }, async (request) => {
    const job = known(guardian, request.params.id);
    if (job.state === "running") await journal.ordered(actor(request), "cancel", job);
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

/** A reader takes a connection for broken on which nothing comes for minutes, as phases are long that tell nothing. */
const TOLD_AGAIN_MS = 30_000;

/** The job as a line, now, at every change and in between, until it has ended. */
export function eventsOf({ jobs }: Pick<Answering, "jobs">, job: Job, toldAgainMs = TOLD_AGAIN_MS): PassThrough {
  const lines = new PassThrough();
  const tell = () => {
    // Whoever reads slowly misses what is outdated anyway.
    if (!lines.writableNeedDrain || job.state !== "running") lines.write(`${JSON.stringify(job)}\n`);
    if (job.state !== "running") lines.end();
  };
  const silence = jobs.listen((changed) => {
    if (changed === job) tell();
  });
  const again = setInterval(tell, toldAgainMs);
  const forget = () => {
    silence();
    clearInterval(again);
  };
  lines.on("close", forget);
  lines.on("error", forget);
  tell();
  return lines;
}

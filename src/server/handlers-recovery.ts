/** Routes about recovery: each is handed on to the guardian, in the name of the operator who asks. */
import type { z } from "zod";
import type { Acting } from "../base/guardian-token.ts";
import { PromptlibError } from "../contract/errors.ts";
import { type Job, job, readiness } from "../contract/recovery.ts";
import { drillReport, recoveryInfo, restorePlan, restoreReport } from "../contract/recovery-shapes.ts";
import { listOf } from "../contract/shapes.ts";
import type { GuardianLink } from "./guardian-link.ts";
import type { Handlers, Parts, RouteRequest } from "./route.ts";

/** ms; so long the guardian looks at locations, and a little more. */
const LOOK_MS = 23_000;

const drills = listOf(drillReport);
const restores = listOf(restoreReport);
const jobs = listOf(job).pick({ items: true });

export const recoveryHandlers = {
  async readReadiness(_request, { guardian }) {
    return answer(await linked(guardian).ask("/api/recovery/readiness", readiness));
  },

  async readRecoveryInfo(_request, { guardian }) {
    return answer(await linked(guardian).ask("/api/recovery/info", recoveryInfo, { patience: LOOK_MS }));
  },

  async listDrills({ query }, { guardian }) {
    return answer(await linked(guardian).ask(`/api/recovery/drills?limit=${query.limit ?? 50}`, drills));
  },

  async listRestores({ query }, { guardian }) {
    return answer(await linked(guardian).ask(`/api/recovery/restores?limit=${query.limit ?? 50}`, restores));
  },

  async planRestore({ body }, { guardian }) {
    const asked = { method: "POST", body, patience: LOOK_MS } as const;
    return answer(await linked(guardian).ask("/api/recovery/plan", restorePlan, asked));
  },

  async listJobs(_request, { guardian }) {
    const { items } = await linked(guardian).ask("/api/recovery/jobs", jobs);
    const listed = items.map(({ result: _, ...one }) => one).reverse();
    return answer({ items: listed, nextCursor: null, total: listed.length, totalIsExact: true });
  },

  async startJob(request, parts) {
    const started = await act(request, parts, "/api/recovery/jobs", { method: "POST", body: request.body });
    return { ...answer(started), status: 202 };
  },

  async readJob({ params }, { guardian }) {
    return answer(await linked(guardian).ask(pathOf(params), job));
  },

  async cancelJob(request, parts) {
    return answer(await act(request, parts, pathOf(request.params), { method: "DELETE" }));
  },
} satisfies Partial<Handlers>;

/** Errors: `no_guardian`. */
function linked(guardian: GuardianLink | null): GuardianLink {
  if (!guardian) throw new PromptlibError("no_guardian");
  return guardian;
}

/** It stands a moment later already otherwise. */
function answer(body: unknown) {
  return { body, headers: { "cache-control": "no-store" } };
}

async function act(
  { actor, address }: Pick<RouteRequest<unknown>, "actor" | "address">,
  { guardian, recoveryAudit }: Parts,
  path: string,
  asked: { method: "POST" | "DELETE"; body?: unknown },
): Promise<z.infer<typeof job>> {
  const by: Acting = { name: actor.name, address };
  const done = await linked(guardian).ask(path, job, { ...asked, by });
  await recoveryAudit.soon();
  return done;
}

function pathOf({ id }: Pick<Job, "id">): string {
  return `/api/recovery/jobs/${encodeURIComponent(id)}`;
}

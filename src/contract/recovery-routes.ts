/** Recovery, for operators: the rows of the table of routes. The server hands each on to the guardian. */
import { z } from "zod";
import { job, jobOrder, listedJob, readiness } from "./recovery.ts";
import { drillReport, planRequest, recoveryInfo, restorePlan, restoreReport } from "./recovery-shapes.ts";
import { listOf } from "./shapes.ts";

const noQuery = z.strictObject({});
const newest = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).optional().describe("how many of the newest; 50 when left out"),
});
const jobId = z.object({ id: z.string().min(1).max(64) });

/** What is needed most when the rest is down: nothing but the guardian must be there. */
const guarded = { access: "operator", withoutDatabase: true, maintenance: "closed" } as const;
const away = ["guardian_unreachable", "no_guardian"] as const;

/** Plain rows: routes.ts, which has the type of a row, takes them into the table. */
export const recoveryRoutes = {
  readReadiness: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/readiness",
    summary: "What would be lost now, how long a recovery takes, and each reason why either is not as promised.",
    query: noQuery,
    answers: { 200: readiness },
    errors: away,
  },
  readRecoveryInfo: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/info",
    summary: "The locations, the backups in them, and the moments that can be returned to.",
    query: noQuery,
    answers: { 200: recoveryInfo },
    errors: [...away, "location_unavailable"],
  },
  listDrills: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/drills",
    summary: "The reports of drills, the newest first.",
    query: newest,
    answers: { 200: listOf(drillReport) },
    errors: away,
  },
  listRestores: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/restores",
    summary: "The reports of restores, the newest first.",
    query: newest,
    answers: { 200: listOf(restoreReport) },
    errors: away,
  },
  planRestore: {
    ...guarded,
    method: "POST",
    path: "/api/recovery/plan",
    summary: "What a restore would do and leave out, or exactly why it cannot be made. Changes nothing.",
    query: noQuery,
    body: planRequest,
    answers: { 200: restorePlan },
    errors: [...away, "location_unavailable"],
  },
  listJobs: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/jobs",
    summary: "The last backups, drills, verifications and restores since the guardian began, the newest first.",
    query: noQuery,
    answers: { 200: listOf(listedJob) },
    errors: away,
  },
  startJob: {
    ...guarded,
    method: "POST",
    path: "/api/recovery/jobs",
    summary: "Make a backup, try a recovery, or read a backup back, now. One job at a time.",
    query: noQuery,
    body: jobOrder,
    answers: { 202: job },
    errors: [...away, "job_running"],
  },
  readJob: {
    ...guarded,
    method: "GET",
    path: "/api/recovery/jobs/{id}",
    summary: "Where a job is, or what came of it.",
    params: jobId,
    query: noQuery,
    answers: { 200: job },
    errors: [...away, "not_found"],
  },
  cancelJob: {
    ...guarded,
    method: "DELETE",
    path: "/api/recovery/jobs/{id}",
    summary: "End a job; what it began is taken back. It answers at once, and the job ends a moment later.",
    params: jobId,
    query: noQuery,
    answers: { 200: job },
    errors: [...away, "not_found"],
  },
} as const;

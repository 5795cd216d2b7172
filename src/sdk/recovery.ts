import type { Job, JobOrder, ListedJob, Readiness } from "../contract/recovery.ts";
import type { DrillReport, PlanRequest, RecoveryInfo, RestoreReport, ToldPlan } from "../contract/recovery-shapes.ts";
import type { List } from "../contract/shapes.ts";
import type { Transport } from "./transport.ts";

const JOBS = "/api/recovery/jobs";

/** How safe everything is, and what to do about it. For operators; answers while the database is away. */
export function recoveryCalls({ body }: Transport) {
  const jobAt = (id: string) => `${JOBS}/${encodeURIComponent(id)}`;
  return {
    /** What would be lost now, how long a recovery takes, and each reason why either is not as promised. */
    readReadiness: (): Promise<Readiness> => body({ method: "GET", path: "/api/recovery/readiness" }),
    /** Locations, backups, and the moments that can be returned to. Looks at the locations, which takes its time. */
    readRecoveryInfo: (): Promise<RecoveryInfo> => body({ method: "GET", path: "/api/recovery/info" }),
    /** The newest first. */
    listDrills: (query: { limit?: number } = {}): Promise<List<DrillReport>> =>
      body({ method: "GET", path: "/api/recovery/drills", query }),
    listRestores: (query: { limit?: number } = {}): Promise<List<RestoreReport>> =>
      body({ method: "GET", path: "/api/recovery/restores", query }),
    /** What a restore would do: of the newest state, of a moment, of a backup. The command line carries it out. */
    planRestore: (request: PlanRequest = {}): Promise<ToldPlan> =>
      body({ method: "POST", path: "/api/recovery/plan", body: request, repeatable: true }),
    /** Without what came of them, the newest first. */
    listJobs: (): Promise<List<ListedJob>> => body({ method: "GET", path: JOBS }),
    /** Answers at once; `readJob` tells how it goes on. */
    startJob: (order: JobOrder): Promise<Job> => body({ method: "POST", path: JOBS, body: order }),
    readJob: (id: string): Promise<Job> => body({ method: "GET", path: jobAt(id) }),
    /** What it began is taken back; it ends a moment later. */
    cancelJob: (id: string): Promise<Job> => body({ method: "DELETE", path: jobAt(id) }),
  };
}

/** promptlib status: what runs, and how it is. */
import type { Command } from "commander";
import { now } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { readMaintenance } from "../base/maintenance-file.ts";
import { type Running, type RunningProcess, readRunning } from "../base/running.ts";
import { errorTable } from "../contract/errors.ts";
import { maintenanceOf } from "../contract/maintenance.ts";
import type { Job, Readiness } from "../contract/recovery.ts";
import { PromptlibError, type SystemHealth } from "../sdk/index.ts";
import { type Connection, connect } from "./connect.ts";
import { reachGuardian } from "./guardian-client.ts";
import { localTime, print, printJson } from "./output.ts";
import { jobLine, type Paint, paintFor, readinessLines } from "./readiness-lines.ts";
import { type Column, layTable } from "./table.ts";
import { examples, jsonOption } from "./verb.ts";

/** Someone is waiting for the answer, and "nothing for so long" is one. */
const PATIENCE_MS = 5000;

export function registerStatus(program: Command): void {
  const command = program
    .command("status")
    .summary("show what runs, how it is, and how safe everything is")
    .description(
      "Show what runs and how it is, what would be lost if this machine vanished now, and what mends that. Ends with 0 when all runs well, with 6 when not or when nothing runs.",
    )
    .action(status);
  examples(jsonOption(command), "promptlib status", "promptlib status --json");
}

/** What `--json` prints; `processes` is null for a server elsewhere. */
interface Status extends SystemHealth {
  url: string;
  processes: Running | null;
  /** null: no guardian answers (a server elsewhere, an external PostgreSQL). */
  readiness: Readiness | null;
  /** The backup, restore, drill or verification that goes on; null: none. */
  job: Job | null;
}

async function status({ json }: { json?: true }): Promise<void> {
  const connection = await connect({ timeout: PATIENCE_MS });
  const processes = connection.home ? await readRunning(connection.home) : null;
  const { url, home } = connection;
  const safety = home ? await safetyOf(home) : { readiness: null, job: null };
  const found: Status = { url, ...(await healthOf(connection, processes)), processes, ...safety };
  if (json) printJson(found);
  else for (const line of statusLines(found, now(), paintFor(process.stdout, process.env))) print(line);
  if (found.status !== "healthy") process.exitCode = errorTable.not_running.exit;
}

/** A server that does not answer while its processes are there is down, and what is known is shown all the same. */
async function healthOf({ client, home }: Connection, processes: Running | null): Promise<SystemHealth> {
  try {
    return await client.systemHealth();
  } catch (error) {
    if (!(error instanceof PromptlibError) || error.code !== "server_unreachable" || !processes || !home) throw error;
    const maintenance = maintenanceOf(await readMaintenance(home));
    return { status: "down", message: error.message, version: "", maintenance, parts: {} };
  }
}

async function safetyOf(home: Home): Promise<Pick<Status, "readiness" | "job">> {
  try {
    const guardian = await reachGuardian(home);
    if (!guardian) return { readiness: null, job: null };
    const [readiness, jobs] = await Promise.all([guardian.readiness(), guardian.jobs()]);
    return { readiness, job: jobs.findLast(({ state }) => state === "running") ?? null };
  } catch (error) {
    // It ended just now, or hangs: `processes` shows that.
    if (!(error instanceof PromptlibError) || error.code !== "guardian_unreachable") throw error;
    return { readiness: null, job: null };
  }
}

export function statusLines(
  { url, status, message, version, parts, processes, readiness, job }: Status,
  now: Date,
  paint: Paint,
): string[] {
  const title = `Prompt Library${version === "" ? "" : ` ${version}`} at ${url} is ${status}.`;
  const partRows = Object.entries(parts).map(([name, part]) => ({ name, ...part }));
  return [
    title,
    ...(message === "" ? [] : [message]),
    ...(readiness ? ["", ...readinessLines(readiness, now, paint)] : []),
    ...(job ? ["", jobLine(job)] : []),
    ...(partRows.length > 0 ? ["", ...layTable(partColumns, partRows, null)] : []),
    ...(processes ? ["", ...layTable(processColumns, processes.processes, null)] : []),
  ];
}

const partColumns: readonly Column<{ name: string } & SystemHealth["parts"][string]>[] = [
  { title: "PART", cell: ({ name }) => name },
  { title: "STATE", cell: ({ state }) => state },
  { title: "LATENCY", cell: ({ latencyMs }) => (latencyMs === null ? "" : `${latencyMs.toFixed(1)} ms`), right: true },
  { title: "NOTE", cell: ({ note }) => note ?? "" },
];

const processColumns: readonly Column<RunningProcess>[] = [
  { title: "PROCESS", cell: ({ name }) => name },
  { title: "STATE", cell: ({ state }) => state },
  { title: "PID", cell: ({ pid }) => (pid === null ? "" : String(pid)), right: true },
  { title: "SINCE", cell: ({ since }) => localTime(since) },
  { title: "RESTARTS", cell: ({ restarts }) => (restarts === null ? "" : String(restarts)), right: true },
];

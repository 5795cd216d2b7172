/** Which processes run on a home, as the supervisor tells in run/children.json. */
import { join } from "node:path";
import type { Home } from "./config.ts";
import { isErrno, readIfExists } from "./files.ts";

export interface RunningProcess {
  name: string;
  state: string;
  pid: number | null;
  since: string | null;
  restarts: number | null;
}

export interface Running {
  /** Process id of `promptlib up`. */
  supervisor: number;
  processes: RunningProcess[];
}

/** null: no supervisor lives there (a server that was started by itself has none). */
export async function readRunning(home: Home): Promise<Running | null> {
  const text = await readIfExists(join(home.run, "children.json"));
  const running = text === null ? null : parseRunning(text);
  return running && lives(running.supervisor) ? running : null;
}

export function parseRunning(text: string): Running | null {
  const value = parsed(text);
  if (!isRecord(value) || typeof value.supervisor !== "number" || !isRecord(value.children)) return null;
  const processes = Object.entries(value.children).flatMap(([name, child]) => {
    if (!isRecord(child)) return [];
    // What a child owns itself (the guard its PostgreSQL) is told inside of it.
    const owned = Object.entries(child).filter(([, inner]) => isRecord(inner) && "state" in inner);
    return [
      processOf(name, child),
      ...owned.map(([inner, record]) => processOf(inner, isRecord(record) ? record : {})),
    ];
  });
  return { supervisor: value.supervisor, processes };
}

function processOf(name: string, record: Record<string, unknown>): RunningProcess {
  const { state, pid, since, restarts } = record;
  return {
    name,
    state: typeof state === "string" ? state : "unknown",
    pid: typeof pid === "number" ? pid : null,
    since: typeof since === "string" ? since : null,
    restarts: typeof restarts === "number" ? restarts : null,
  };
}

/** The file outlives a supervisor that was killed. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it lives.
    return !isErrno(error, "ESRCH");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // torn by a crash
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

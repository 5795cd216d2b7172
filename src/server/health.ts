/** The health of each part, as /api/system/health tells it. Says nothing that a stranger should not know. */
import type { Config } from "../base/config.ts";
import { exportProblemOf } from "../base/export-folder.ts";
import { isErrno } from "../base/files.ts";
import { leastRoom } from "../base/home.ts";
import { readRunning } from "../base/running.ts";
import { version } from "../base/version.ts";
import type { Maintenance, SystemHealth } from "../contract/shapes.ts";
import type { Backend } from "./backend.ts";
import type { GuardianLink } from "./guardian-link.ts";
import { maintenanceSentence } from "./maintenance.ts";

type Part = SystemHealth["parts"][string];

/** Behind by more than this, the mirror is said to lag. */
const MIRROR_LAG_MS = 5_000;
/** One that another server is to write is given time to be compared with the database first. */
const MIRROR_NEGLECT_MS = 60_000;
const LITTLE_SPACE = 512 * 1024 * 1024;

export async function systemHealth(
  backend: Backend,
  maintenance: Maintenance,
  guardian: Pick<GuardianLink, "silentSince"> | null,
): Promise<SystemHealth> {
  const canRead = await backend.canRead();
  const parts: SystemHealth["parts"] = {
    server: up(),
    database: database(backend),
    access: access(backend),
    mirror: mirrorHealth(backend),
    disk: await diskHealth(backend.config),
    export: await nightlyExport(backend),
    ...(await processes(backend.config)),
    ...silence(guardian?.silentSince ?? null),
  };
  if (!canRead) {
    const message = "Neither the database nor the mirror can be read yet.";
    return { status: "down", message, version, maintenance, parts };
  }
  const troubles = Object.entries(parts)
    .filter(([, part]) => part.state !== "up")
    .map(([name, { note }]) => note ?? `${name} is not up.`);
  if (maintenance.mode !== "off") troubles.unshift(maintenanceSentence(maintenance));
  return {
    status: troubles.length > 0 ? "degraded" : "healthy",
    message: troubles.length > 0 ? troubles.join(" ") : "All is well.",
    version,
    maintenance,
    parts,
  };
}

function up(latencyMs: number | null = null, note: string | null = null): Part {
  return { state: "up", latencyMs, note };
}

function degraded(note: string): Part {
  return { state: "degraded", latencyMs: null, note };
}

function database(backend: Backend): Part {
  if (backend.feed.isLive) return up(backend.feed.latency);
  return {
    state: "down",
    latencyMs: null,
    note: "The database does not answer; reading goes on from the mirror, writing waits.",
  };
}

function access({ accessKnown }: Backend): Part {
  const shut = (why: string): Part => ({
    state: "down",
    latencyMs: null,
    note: `${why}; nobody gets in without the database.`,
  });
  switch (accessKnown) {
    case "database":
      return up();
    case "file":
      return up(null, "As data/access.json has it.");
    case "damaged file":
      return shut("data/access.json is damaged or was sealed with another JWT_SECRET");
    case "nowhere":
      return shut("There is no data/access.json yet");
  }
}

interface Mirrored {
  feed: Pick<Backend["feed"], "isLive">;
  mirror: Pick<Backend["mirror"], "age" | "isFailing" | "isWriter" | "unwrittenFor">;
}

export function mirrorHealth({ feed, mirror }: Mirrored): Part {
  if (!feed.isLive) return up(null, "Answers instead of the database.");
  if (mirror.isFailing) {
    return degraded(`The mirror cannot be written${behind(mirror.age)}.`);
  }
  if (mirror.unwrittenFor > MIRROR_NEGLECT_MS) return neglected(mirror.unwrittenFor);
  if (!mirror.isWriter) return up(null, "Another server writes it, or it is about to be written.");
  if (mirror.age === null) return up(null, "Is being compared with the database.");
  if (mirror.age < MIRROR_LAG_MS) return up();
  return degraded(`The mirror is not current${behind(mirror.age)}.`);
}

function neglected(ms: number): Part {
  return degraded(
    `The mirror of this home is left to another server, and has not been current for ${Math.round(ms / 1000)} s. If this home is a copy of that server's, remove data/prompts/.mirror-id and start again.`,
  );
}

function behind(age: number | null): string {
  return age === null ? "" : `, it is ${Math.round(age / 1000)} s behind the database`;
}

/** Of a PostgreSQL that is not ours the disk is not known. */
export async function diskHealth({ home, database }: Pick<Config, "home" | "database">): Promise<Part> {
  try {
    const { of, free } = await leastRoom(home, database ? ["mirror"] : ["database", "mirror"]);
    if (free > LITTLE_SPACE) return up();
    return degraded(`Only ${Math.floor(free / 1048576)} MiB are free on the disk of the ${of}.`);
  } catch (error) {
    if (!isErrno(error)) throw error;
    return degraded(`How much room is left cannot be told (${error.code}): is a disk not mounted?`);
  }
}

async function nightlyExport({ config }: Backend): Promise<Part> {
  if (!config.exports.at) return up(null, "Nightly exports are off.");
  const problem = await exportProblemOf(config);
  return problem === null ? up() : degraded(problem.told);
}

/** Also one that runs elsewhere, or whose process is there and stands still. */
function silence(since: Date | null): SystemHealth["parts"] {
  if (since === null) return {};
  const note = `The guardian has not answered since ${secondOf(since)}: no backup begins, and nothing is watched until it does.`;
  return { guard: { state: "down", latencyMs: null, note } };
}

/** 2027-01-31 04:43:01 UTC */
function secondOf(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Of the children of the supervisor: serve is ourselves, and PostgreSQL is told as the database. */
const TOLD_OF = ["guard"];

/** What the supervisor wrote down of its children; nothing when the server runs without one. */
export async function processes({ home }: Pick<Config, "home">): Promise<SystemHealth["parts"]> {
  const running = await readRunning(home).catch((error: unknown) => {
    if (isErrno(error)) return null;
    throw error;
  });
  const found = running?.processes.filter(({ name }) => TOLD_OF.includes(name)) ?? [];
  return Object.fromEntries(
    found.map(({ name, state, since }) => {
      const at = new Date(since ?? "");
      const began = Number.isNaN(at.getTime()) ? "" : ` since ${secondOf(at)}`;
      return [name, state === "running" ? up() : degraded(`The process ${name} has been ${state}${began}.`)];
    }),
  );
}

/**
 * Our side of the bench in a process of its own, so that its memory is its own: recovery-worker.ts ORDER, where ORDER is
 * JSON. Tells what happens over IPC; SIGTERM ends it.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { now } from "../src/base/clock.ts";
import { openLog } from "../src/base/log.ts";
import { postgresAccount } from "../src/postgres/account.ts";
import { addBytes, formatLsn, parseSegmentName, SEGMENT_BYTES } from "../src/postgres/lsn.ts";
import { openReplication } from "../src/postgres/replication.ts";
import { makeBackup } from "../src/recovery/backup.ts";
import { gatherRecoverable } from "../src/recovery/info-recoverable.ts";
import type { Location } from "../src/recovery/location.ts";
import { openLocations } from "../src/recovery/locations.ts";
import { Phases } from "../src/recovery/phases.ts";
import { makeWorkplace, rebuild, removeWorkplace } from "../src/recovery/rebuild.ts";
import { startReceiver } from "../src/recovery/receive.ts";
import { planRestore } from "../src/recovery/restore-plan.ts";
import type { Order, Told } from "./recovery-ours.ts";
import { BIN } from "./recovery-postgres.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as Order;
const log = openLog("warn", join(order.directory, "worker.log"));
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
// A bench that was killed takes us along.
process.once("disconnect", () => stop.abort());
const client: pg.ClientConfig = order.connection;

switch (order.verb) {
  case "backup":
    await backup();
    break;
  case "read":
    await read();
    break;
  case "restore":
    await restore();
    break;
  case "receive":
    await receive();
}
process.disconnect?.();

function tell(message: Told): void {
  if (process.connected) process.send?.(message);
}

async function locations(): Promise<Location[]> {
  return await openLocations({ backupDir: order.location, urls: [], postgresData: order.directory, make: true });
}

async function backup(): Promise<void> {
  const source = { replication: client, sql: client, recovery: order.recovery, files: [], leftOut: [] };
  await makeBackup(source, {
    locations: await locations(),
    compression: "zstd",
    maxRate: null,
    reason: "manual",
    host: hostname(),
    log,
    signal: stop.signal,
    progress: () => {},
  });
}

/** What PostgreSQL and our client cost alone: everything is hashed and nothing kept. */
async function read(): Promise<void> {
  const replication = await openReplication(client, "promptlib bench");
  const base = await replication.baseBackup({ label: "bench", checkpoint: "fast", maxRateKiB: null });
  const hash = createHash("sha256");
  for await (const event of base.events) if (event.kind === "data") hash.update(event.bytes);
  hash.digest();
  await replication.close();
}

/** The steps of a restore in earnest up to the server that answers; it goes on running until SIGTERM. */
async function restore(): Promise<void> {
  const { signal } = stop;
  const site = {
    root: order.directory,
    account: await postgresAccount(null),
    bin: BIN,
    locations: await locations(),
    log,
    signal,
  };
  const gathered = await gatherRecoverable(site.locations, { recovery: null, signal });
  // As the others do it: without the WAL that was written after the backup.
  const target = { kind: "backup", id: gathered.backups.at(-1)?.id ?? "" } as const;
  const plan = planRestore({ ...gathered, target, only: null, now: now(), majors: [15], free: null });
  if (plan.kind === "impossible") throw new Error(plan.message);
  const place = await makeWorkplace(site);
  try {
    const phases = new Phases(() => {}, signal);
    const scratch = await rebuild({ plan, gathered }, place, site, phases);
    tell({
      type: "answers",
      connection: scratch.connection("postgres"),
      phases: phases.times,
      segments: plan.walNeeded.length,
    });
    await scratch.ended();
  } finally {
    await removeWorkplace(place);
  }
}

async function receive(): Promise<void> {
  const [location] = await locations();
  if (!location) throw new Error("no location");
  const receiver = startReceiver({
    replication: client,
    sql: client,
    recoveryDirectory: order.recovery,
    locations: [telling(location)],
    log,
    host: hostname(),
    tell: ({ state, problem }) => tell({ type: "state", state, problem }),
  });
  stop.signal.addEventListener("abort", () => void receiver.stop(), { once: true });
  await receiver.done;
}

/** The location, which tells of each object of WAL when it is durable there. */
function telling(location: Location): Location {
  return {
    url: location.url,
    name: location.name,
    domain: location.domain,
    required: location.required,
    async put(name, body, signal) {
      const outcome = await location.put(name, body, signal);
      const at = Number(process.hrtime.bigint()) / 1e6;
      const end = endOf(name);
      if (end) tell({ type: "durable", end, at });
      return outcome;
    },
    get: async (...all) => await location.get(...all),
    list: async (...all) => await location.list(...all),
    stat: async (...all) => await location.stat(...all),
    remove: async (...all) => await location.remove(...all),
    freeSpace: async () => await location.freeSpace(),
  };
}

/** Up to where an object of WAL goes; null: it is something else. */
function endOf(name: string): string | null {
  const found = /\/([0-9A-F]{24})(?:\/\d+-(\d+))?\.zst$/.exec(name);
  const start = found?.[1] ? parseSegmentName(found[1]) : null;
  return start && formatLsn(addBytes(start.lsn, Number(found?.[2] ?? SEGMENT_BYTES)));
}

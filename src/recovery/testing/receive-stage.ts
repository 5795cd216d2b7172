/** A receiver on a real PostgreSQL with real folders as locations, and the comparison of what they hold with pg_wal. */
import { mkdirSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";
import { expect } from "vitest";
import { temporaryDirectory, testLog } from "../../../test/support/cluster.ts";
import type { TestServer } from "../../../test/support/replication.ts";
import { until } from "../../base/clock.ts";
import { PromptlibError } from "../../contract/errors.ts";
import { addBytes, formatLsn, type Lsn, parseLsn, parseSegmentName, SEGMENT_BYTES } from "../../postgres/lsn.ts";
import { openFolderLocation } from "../folder-location.ts";
import { readIncarnation } from "../incarnation.ts";
import { parseWalObject, walFolder } from "../layout.ts";
import type { Location } from "../location.ts";
import { type ReceiverHandle, startReceiver } from "../receive.ts";
import type { Limits } from "../receive-limits.ts";
import type { ReceiverStatus } from "../receive-status.ts";

export interface Started extends ReceiverHandle {
  status(): ReceiverStatus;
  /** All that were told. */
  told: ReceiverStatus[];
}

export class ReceiveStage {
  readonly server: TestServer;
  readonly directory: string;
  readonly #running: Started[] = [];

  static async open(server: TestServer): Promise<ReceiveStage> {
    const stage = new ReceiveStage(server, await temporaryDirectory());
    await mkdir(stage.recovery);
    // A new slot keeps WAL from the last checkpoint on: there is little to catch up with.
    await server.sql("checkpoint");
    return stage;
  }

  private constructor(server: TestServer, directory: string) {
    this.server = server;
    this.directory = directory;
  }

  get recovery(): string {
    return join(this.directory, "recovery");
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  location(name: string, more: Partial<Pick<Location, "domain" | "required">> = {}): Location {
    mkdirSync(this.path(name), { recursive: true });
    return folderAt(this.path(name), name, more);
  }

  start(
    locations: readonly Location[],
    { limits = {}, recovery = this.recovery, client = this.server.guard } = {} as {
      limits?: Partial<Limits>;
      recovery?: string;
      client?: TestServer["guard"];
    },
  ): Started {
    const told: ReceiverStatus[] = [];
    const handle = startReceiver({
      replication: client,
      sql: client,
      recoveryDirectory: recovery,
      locations,
      log: testLog(this.server.home),
      host: "ada.example",
      tell: (status) => told.push(status),
      limits,
    });
    const status = () => {
      const newest = told.at(-1);
      if (!newest) throw new Error("nothing was told");
      return newest;
    };
    const started = { ...handle, status, told };
    this.#running.push(started);
    return started;
  }

  /** Ends what runs, and gives up the slot. */
  async remove(): Promise<void> {
    await Promise.all(this.#running.map((one) => one.stop()));
    await this.dropSlot().catch(() => {});
    await rm(this.directory, { recursive: true });
  }

  async dropSlot(): Promise<void> {
    const sql = "select pg_drop_replication_slot('promptlib') from pg_replication_slots where slot_name = 'promptlib'";
    const gone = await until(
      () =>
        this.server.sql(sql).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    );
    if (!gone) throw new Error("the slot is in use");
  }

  async flushed(): Promise<Lsn> {
    const [row] = await this.server.sql("select pg_current_wal_flush_lsn()::text as lsn");
    return parseLsn(String(row?.lsn));
  }

  async slot(): Promise<Lsn | null> {
    const [row] = await this.server.sql(
      "select restart_lsn::text as lsn from pg_replication_slots where slot_name = 'promptlib'",
    );
    return row?.lsn ? parseLsn(String(row.lsn)) : null;
  }

  /** Waits until the location has all that PostgreSQL has flushed now; answers that position. */
  async stored(receiver: Started, name: string, timeout = 20_000): Promise<Lsn> {
    const target = await this.flushed();
    const reached = () => {
      const durable = receiver.told.at(-1)?.locations.find((one) => one.name === name)?.durable;
      return durable !== null && durable !== undefined && parseLsn(durable) >= target;
    };
    if (!(await until(reached, { timeout }))) {
      expect.fail(`${formatLsn(target)} is not durable: ${JSON.stringify(receiver.told.at(-1))}`);
    }
    return target;
  }
}

export function folderAt(
  path: string,
  name: string,
  more: Partial<Pick<Location, "domain" | "required">> = {},
): Location {
  return openFolderLocation({
    path,
    url: `file://${path}`,
    name,
    domain: "host",
    required: false,
    ...more,
  });
}

export async function walObjects(location: Location, recovery: string): Promise<string[]> {
  const incarnation = await readIncarnation(recovery);
  if (!incarnation) throw new Error("no incarnation");
  return (await location.list(walFolder(incarnation))).map(({ name }) => name);
}

/**
 * Compares every object of WAL with pg_wal, byte by byte, and that there is no hole in or between segments of each
 * timeline. Answers where each timeline begins and ends.
 */
export async function compareWithPgWal(location: Location, recovery: string, server: TestServer): Promise<string[]> {
  const incarnation = await readIncarnation(recovery);
  if (!incarnation) throw new Error("no incarnation");
  const folder = walFolder(incarnation);
  const covered = new Map<string, { from: number; to: number }[]>();
  for (const name of await walObjects(location, recovery)) {
    const object = parseWalObject(folder, name);
    if (!object || object.kind === "history") continue;
    const { from, to } = object.kind === "fragment" ? object : { from: 0, to: SEGMENT_BYTES };
    const stored = await contentOf(location, name);
    // A whole segment took its place since it was listed.
    if (!stored) return await compareWithPgWal(location, recovery, server);
    const plain = zstdDecompressSync(stored);
    const original = await readFile(join(server.place.data, "pg_wal", object.segment));
    expect(plain.equals(original.subarray(from, to)), `${name} is what pg_wal holds`).toBe(true);
    covered.set(object.segment, [...(covered.get(object.segment) ?? []), { from, to }]);
  }
  return ranges(covered);
}

async function contentOf(location: Location, name: string): Promise<Buffer | null> {
  try {
    return await buffer(await location.get(name));
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "object_not_found") return null;
    throw error;
  }
}

function ranges(covered: ReadonlyMap<string, { from: number; to: number }[]>): string[] {
  const found: { timeline: number; from: Lsn; to: Lsn }[] = [];
  for (const segment of [...covered.keys()].sort()) {
    const place = parseSegmentName(segment);
    if (!place) throw new Error(segment);
    let end = 0;
    for (const { from, to } of (covered.get(segment) ?? []).toSorted((a, b) => a.from - b.from)) {
      expect(from, `${segment} has no hole`).toBeLessThanOrEqual(end);
      end = Math.max(end, to);
    }
    const last = found.at(-1);
    const to = addBytes(place.lsn, end);
    if (last && last.timeline === place.timeline && last.to === place.lsn) last.to = to;
    else found.push({ timeline: place.timeline, from: place.lsn, to });
  }
  return found.map(({ timeline, from, to }) => `${timeline} ${formatLsn(from)} ${formatLsn(to)}`);
}

/** One run of WAL without a hole on the first timeline: where it ends. */
export function endOf(runs: readonly string[]): Lsn {
  expect(runs).toHaveLength(1);
  return parseLsn(runs[0]?.split(" ")[2] ?? "");
}

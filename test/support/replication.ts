/** A PostgreSQL of the test's own, to be copied, followed, frozen and killed over the replication protocol. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { Home } from "../../src/base/config.ts";
import type { Cluster } from "../../src/postgres/cluster.ts";
import { embeddedConnection } from "../../src/postgres/connection.ts";
import { existingPlace, type Place } from "../../src/postgres/place.ts";
import { runningProcesses } from "../../src/postgres/postmaster.ts";
import type { BaseBackup } from "../../src/postgres/replication-base-backup.ts";
import { connectAsSuperuser } from "../../src/postgres/roles.ts";
import { temporaryHome, testCluster } from "./cluster.ts";
import { kill } from "./kill.ts";

export interface TestServer {
  home: Home;
  place: Place;
  cluster: Cluster;
  /** As promptlib_guard, who may replicate. */
  guard: pg.ClientConfig;
  /** As superuser; answers the rows. */
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** The file of pg_wal. */
  segment(name: string): Promise<Buffer>;
  /** To the postmaster and all of its processes. */
  signal(name: NodeJS.Signals): Promise<void>;
  remove(): Promise<void>;
}

export async function testServer(): Promise<TestServer> {
  const { home, remove } = await temporaryHome();
  return serverOf(home, remove);
}

/** Starts what lies in the home, or a new cluster. */
export async function serverOf(home: Home, remove: () => Promise<void>): Promise<TestServer> {
  const cluster = testCluster(home);
  await cluster.start();
  const place = await existingPlace(home);
  if (!place) throw new Error("no cluster");
  return {
    home,
    place,
    cluster,
    guard: await embeddedConnection(home, "promptlib_guard", "promptlib"),
    segment: async (name) => await readFile(join(place.data, "pg_wal", name)),
    async sql(statement) {
      const client = await connectAsSuperuser(home);
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } finally {
        await client.end();
      }
    },
    async signal(name) {
      for (const pid of await runningProcesses(place)) kill(pid, name);
    },
    async remove() {
      await cluster.stop("immediate");
      await remove();
    },
  };
}

/** Writes so many MiB of WAL, flushed at the end as every commit is. */
export async function writeWal(server: TestServer, megabytes: number): Promise<void> {
  await server.sql(`select count(pg_logical_emit_message(true, 'test', repeat(md5(n::text || random()), 32768)))
    from generate_series(1, ${megabytes}) n`);
}

export interface Taken {
  /** By the archive's name. */
  archives: Map<string, Buffer>;
  manifest: Buffer;
  progress: number[];
}

/** Reads a backup to its end, into memory. */
export async function takeBackup(backup: BaseBackup): Promise<Taken> {
  const chunks = new Map<string, Buffer[]>();
  const progress: number[] = [];
  let current: Buffer[] = [];
  for await (const event of backup.events) {
    if (event.kind === "progress") progress.push(event.bytes);
    else if (event.kind === "data") current.push(event.bytes);
    else {
      current = [];
      chunks.set(event.kind === "archive" ? event.name : "manifest", current);
    }
  }
  const archives = new Map([...chunks].map(([name, parts]) => [name, Buffer.concat(parts)]));
  const manifest = archives.get("manifest") ?? Buffer.alloc(0);
  archives.delete("manifest");
  return { archives, manifest, progress };
}

import { randomBytes, randomInt } from "node:crypto";
import { chown, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryDirectory, temporaryHome, testCluster } from "../../test/support/cluster.ts";
import { copyWal, type Origin, originOf } from "../../test/support/copied-cluster.ts";
import type { Cluster } from "./cluster.ts";
import { SEGMENT_BYTES } from "./lsn.ts";
import { connectAsSuperuser } from "./roles.ts";
import { newTablespacesIn, refuseNewTablespaces } from "./scratch-wal.ts";

const { signal } = new AbortController();
let made: Awaited<ReturnType<typeof temporaryHome>>;
let cluster: Cluster;
let origin: Origin;
let client: pg.Client;
let directory: string;

beforeAll(async () => {
  made = await temporaryHome();
  cluster = testCluster(made.home);
  await cluster.start();
  origin = await originOf(made.home);
  client = await connectAsSuperuser(made.home);
  await client.query("alter system set wal_keep_size = '1GB'");
  await client.query("select pg_reload_conf()");
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await client.end();
  await cluster.stop("immediate");
  await made.remove();
  await rm(directory, { recursive: true, force: true });
});

/** So many bytes of WAL that mean nothing; they look like anything. */
async function fill(bytes: number): Promise<void> {
  await client.query("select pg_logical_emit_message(false, '', $1::bytea)", [randomBytes(bytes)]);
}

it("WAL without a tablespace is let through, also with one in the data directory itself", async () => {
  await client.query("set allow_in_place_tablespaces = on");
  await client.query("create tablespace inside location ''");
  await client.query("drop tablespace inside");
  const wal = join(directory, "without");
  await copyWal(origin, wal);
  await refuseNewTablespaces([wal], signal);
});

it("every creation is found, wherever in the pages and segments its record lies", { timeout: 120_000 }, async () => {
  const expected: string[] = [];
  for (let number = 0; number < 60; number += 1) {
    const path = join(directory, `${"deep".repeat(randomInt(50))}-${number}`);
    await mkdir(path);
    if (origin.account) await chown(path, origin.account.uid, origin.account.gid);
    // Every third is sent to the end of a page or of a segment.
    await fill(number % 3 === 0 ? await bytesToEnd(number % 2 === 0 ? 8192 : SEGMENT_BYTES) : randomInt(30_000));
    await client.query(`create tablespace t${number} location '${path}'`);
    await client.query(`drop tablespace t${number}`);
    expected.push(path);
  }
  const wal = join(directory, "with");
  await copyWal(origin, wal);
  await expect(refuseNewTablespaces([wal], signal)).rejects.toMatchObject({ code: "restore_failed" });
  // As one piece: a record that lies across two segments is read with the segment after it.
  const names = (await readdir(wal)).sort();
  const found: string[] = [];
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    const pieces = [await readFile(join(wal, name)), next ? (await readFile(join(wal, next))).subarray(0, 8192) : ""];
    found.push(...newTablespacesIn(Buffer.concat(pieces.map((piece) => Buffer.from(piece)))));
  }
  expect(found).toEqual(expected);
});

/** Leaves some bytes, fewer than the record has that follows. */
async function bytesToEnd(unit: number): Promise<number> {
  const { rows } = await client.query<{ at: string }>("select pg_current_wal_insert_lsn() - '0/0' as at");
  const left = unit - Number(BigInt(rows[0]?.at ?? 0) % BigInt(unit));
  // Headers of pages in between, of the record, and what creating a tablespace writes before its own record.
  const headers = Math.ceil(left / 8192) * 24 + 64;
  return Math.max(1, left - headers - randomInt(300));
}

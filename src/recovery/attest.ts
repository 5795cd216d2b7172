/**
 * The attested point: a named restore point, and what exactly was in every table at it. Restoring to the name must give
 * exactly these figures.
 *
 * Nearly always nobody waits: a snapshot is taken around the restore point, and the numbers of transactions tell whether
 * none ended in between. Only where writers never pause are the tables locked, for some milliseconds.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { monotonic, sleep, until } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { pointUnderLocks } from "./attest-locks.ts";
import { type Connections, type Point, pointBetweenWriters } from "./attest-point.ts";
import { type Attested, type AttestedDatabase, FORMAT } from "./layout.ts";
import { endedBy, hashTables, holdTables } from "./table-figures.ts";
import type { Listed } from "./table-figures-list.ts";

/** A connection of its own to a database, as a login that reads all tables. */
export type Open = (database: string) => Promise<pg.Client>;

export interface AttestOptions {
  /** promptlib_<backup id>: names of points begin so. Each gets an end of its own: recovery stops at the first of two. */
  name: string;
  /** In the first the login may call pg_create_restore_point. */
  databases: readonly [string, ...string[]];
  signal: AbortSignal;
  /** How long it is tried without locks, and how often with them. */
  patienceMs?: number;
  lockTries?: number;
  /** The rows that are read hold up vacuum, so not for longer. */
  readingMs?: number;
}

export type AttestedPoint = Omit<Attested, "backup">;

/** PostgreSQL takes 63 bytes, of which nine are ours. */
const LONGEST_NAME = 54;
/** insufficient_privilege, object_not_in_prerequisite_state (a standby, wal_level minimal), out_of_memory for locks */
const NOT_HERE = ["42501", "55000", "53200"];
const FLUSH_MS = 30_000;
const FAREWELL_MS = 2_000;

/**
 * Answers the point and the figures, or why there are none this time (writers that never let go, rights that lack).
 * Errors: `interrupted`; `comparison_failed` where a table cannot be read; what `pg` throws when PostgreSQL is away.
 */
export async function attest(open: Open, options: AttestOptions): Promise<AttestedPoint | { notAttested: string }> {
  if (Buffer.byteLength(options.name) > LONGEST_NAME) throw new RangeError(`${options.name} is too long for a point`);
  const clients: pg.Client[] = [];
  const tracked: Open = async (database) => {
    const client = await open(database);
    // A connection that breaks fails its query; without a listener the event would end the process.
    client.on("error", () => {});
    clients.push(client);
    return client;
  };
  const cut = () => void Promise.all(clients.map(farewell));
  options.signal.addEventListener("abort", cut, { once: true });
  try {
    return await attestOver(await connect(tracked, options.databases), options);
  } catch (error) {
    if (options.signal.aborted) throw new PromptlibError("interrupted", { cause: error });
    if (!(error instanceof pg.DatabaseError) || !NOT_HERE.includes(error.code ?? "")) throw error;
    return { notAttested: `PostgreSQL does not let us: ${error.message}.` };
  } finally {
    options.signal.removeEventListener("abort", cut);
    await Promise.all(clients.map(farewell));
  }
}

async function connect(open: Open, databases: readonly [string, ...string[]]): Promise<Connections> {
  const [first, ...others] = databases;
  const [maker, witness, readers, lockers] = await Promise.all([
    open(first),
    open(first),
    Promise.all(databases.map(open)),
    Promise.all(others.map(open)),
  ]);
  return { maker, witness, readers, lockers: [maker, ...lockers] };
}

async function attestOver(
  connections: Connections,
  options: AttestOptions,
): Promise<AttestedPoint | { notAttested: string }> {
  const { signal, readingMs = 1_800_000 } = options;
  const made = (await withoutLocks(connections, options)) ?? (await withLocks(connections, options));
  if (!made) return { notAttested: "Writers left no moment in which all tables stood still." };
  const { point, name, held, locked } = made;
  if (!(await isFlushed(connections.witness, point.lsn))) {
    return { notAttested: "PostgreSQL did not write the restore point to its disk." };
  }
  const late = new AbortController();
  const over = new AbortController();
  sleep(readingMs, over.signal).then(
    () => late.abort(),
    () => {},
  );
  try {
    const databases = await read(connections.readers, options.databases, { held, point, signal: late.signal });
    return { format: FORMAT, point: name, timeline: point.timeline, lsn: point.lsn, at: point.at, locked, databases };
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
    return { notAttested: `Reading all tables took longer than ${Math.round(readingMs / 60_000)} minutes.` };
  } finally {
    over.abort();
  }
}

interface Made {
  name: string;
  point: Point;
  held: Listed[];
  locked: boolean;
}

async function withoutLocks(connections: Connections, options: AttestOptions): Promise<Made | null> {
  const end = monotonic() + (options.patienceMs ?? 5_000);
  while (monotonic() < end) {
    const made = await onePoint(connections, options, false);
    if (made) return made;
    await pause(Math.random() * 40, options.signal);
  }
  return null;
}

async function withLocks(connections: Connections, options: AttestOptions): Promise<Made | null> {
  for (let tries = options.lockTries ?? 5; tries > 0; tries -= 1) {
    const made = await onePoint(connections, options, true);
    if (made) return made;
    // A lock that waits makes innocent writers wait behind it: let them go on for a while.
    await pause(500 + Math.random() * 1_500, options.signal);
  }
  return null;
}

/** One try: the point, and then all tables held as they were at it; null when either was not to be had. */
async function onePoint(connections: Connections, options: AttestOptions, locked: boolean): Promise<Made | null> {
  if (options.signal.aborted) throw new PromptlibError("interrupted");
  const name = `${options.name}_${randomBytes(4).toString("hex")}`;
  const point = await (locked ? pointUnderLocks : pointBetweenWriters)(connections, name);
  const held = point ? await Promise.all(connections.readers.map(holdTables)) : [];
  const whole = held.flatMap((one, index) => (one && isLocked(one, point?.locked?.[index]) ? [one] : []));
  if (point && whole.length === connections.readers.length) return { name, point, held: whole, locked };
  await Promise.all(connections.readers.map((reader) => reader.query("rollback")));
  return null;
}

/** Where locks were taken: on every table of the snapshot. */
function isLocked({ tables }: Listed, locked: ReadonlySet<string> | undefined): boolean {
  return locked === undefined || tables.every(({ oid }) => locked.has(oid));
}

async function isFlushed(client: pg.Client, lsn: string): Promise<boolean> {
  const flushed = async () => {
    const { rows } = await client.query("select pg_current_wal_flush_lsn() >= $1::pg_lsn as done", [lsn]);
    return rows[0]?.done === true;
  };
  return (await until(flushed, { timeout: FLUSH_MS })) === true;
}

async function read(
  readers: readonly pg.Client[],
  databases: readonly string[],
  { held, point, signal }: { held: Listed[]; point: Point; signal: AbortSignal },
): Promise<AttestedDatabase[]> {
  const all: AttestedDatabase[] = [];
  for (const [index, name] of databases.entries()) {
    const [reader, listed] = [readers[index], held[index]];
    if (!reader || !listed) throw new Error("a database without its connection");
    const figures = await endedBy(signal, reader, async () => await hashTables(reader, listed));
    all.push({ name, sequences: point.sequences[index] ?? [], ...figures });
  }
  return all;
}

/** A server that stands still does not answer a farewell. */
async function farewell(client: pg.Client): Promise<void> {
  const over = new AbortController();
  await Promise.race([client.end(), sleep(FAREWELL_MS, over.signal)]).catch(() => {});
  over.abort();
  client.connection.stream.destroy();
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, signal).catch(() => {
    throw new PromptlibError("interrupted");
  });
}

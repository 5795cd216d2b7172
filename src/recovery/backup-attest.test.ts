import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";
import { connect } from "../postgres/connection.ts";
import { attestBackup } from "./backup-attest.ts";
import { openFolderLocation } from "./folder-location.ts";

const ID = "20261122T060000Z-7f3a";
let database: FreshDatabase;
let directories: string[];
beforeEach(async () => {
  database = await freshDatabase();
  directories = [await temporaryDirectory(), await temporaryDirectory()];
});
afterEach(async () => {
  await database.drop();
  for (const path of directories) await rm(path, { recursive: true, force: true });
});

const locations = () =>
  directories.map((path, index) =>
    openFolderLocation({ path, url: `file://${path}`, name: `l${index}`, domain: "disk", required: false }),
  );
const attested = async () =>
  await attestBackup(
    ID,
    { sql: database.superuserConfig, databases: [database.name] },
    { locations: locations(), signal: new AbortController().signal },
  );

describe("the attested point of a backup", () => {
  it("lies beside it in every location, the same everywhere", async () => {
    const made = await attested();
    expect(made).toMatchObject({ attested: { backup: ID }, missing: [] });
    const stored = locations().map(async (location) => await text(await location.get(`backups/${ID}/attested.json`)));
    const [one, other] = await Promise.all(stored);
    expect(one).toBe(other);
    expect(JSON.parse(one ?? "")).toEqual("attested" in made ? made.attested : null);
  });

  it("is missing in a location that went away, which is said", async () => {
    await rm(directories[1] ?? "", { recursive: true });
    expect(await attested()).toMatchObject({
      attested: { backup: ID },
      missing: [{ location: "l1", reason: expect.stringContaining("the figures of the attested point: ") }],
    });
  });

  it("is given up, and the process goes on, when PostgreSQL cuts its connections, those that wait for nothing included", async () => {
    const holder = await connect(database.superuserConfig);
    await holder.query("begin; lock table promptlib.users in access exclusive mode");
    const made = attested();
    made.catch(() => {});
    // A transaction would see the same of pg_stat_activity again and again.
    const theirs = async (what: string) =>
      await runOnce(
        database.superuserConfig,
        `select ${what} from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
           and query not like 'begin; lock table%'`,
      );
    expect(await until(async () => (await theirs("pid")).length >= 3, { timeout: 20_000 })).toBe(true);
    await theirs("pg_terminate_backend(pid)");
    await expect(made).rejects.toThrow(/terminat|connection|EPIPE|ECONNRESET/i);
    await holder.end();
  });

  it("is none where no location takes it", async () => {
    for (const path of directories) await rm(path, { recursive: true });
    expect(await attested()).toEqual({ notAttested: "no location took the figures" });
  });
});

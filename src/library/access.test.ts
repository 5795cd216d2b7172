import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import * as clock from "../base/clock.ts";
import { openDatabase } from "../database/database.ts";
import { AccessList } from "./access.ts";
import { readAccessFile, writeAccessFile } from "./access-file.ts";
import { createKey, revokeKey } from "./keys.ts";
import { endSession, signIn } from "./sessions.ts";
import { createUser, setMember } from "./users.ts";

const SECRET = "s".repeat(64);
const PASSWORD = "correct horse battery";
let library: TestLibrary;
let file: string;

beforeEach(async () => {
  library = await openLibrary();
  file = join(await temporaryDirectory(), "access.json");
});
afterEach(async () => {
  vi.restoreAllMocks();
  await library.close();
  await rm(dirname(file), { recursive: true, force: true });
});

/** Ada with a role and an ended session, a key that works and one that was revoked. */
async function populate() {
  const { database, project } = library;
  await createUser(database, ACTOR, { username: "ada", password: PASSWORD, operator: true });
  await setMember(database, project, ACTOR, true, "ada", "owner");
  const { sid, userId } = await endedSession();
  const working = await createKey(database, project, ACTOR, { name: "works", expiresAt: "2099-01-01T00:00:00Z" });
  const gone = await createKey(database, project, ACTOR, { name: "revoked" });
  await revokeKey(database, project, ACTOR, gone.id);
  return { sid, working, gone, userId };
}

async function endedSession(): Promise<{ sid: string; userId: string }> {
  const { database } = library;
  const ada = { username: "ada", password: PASSWORD };
  const session = await signIn(database, ada, { address: null, userAgent: null }, new Date());
  if (!session) throw new Error("ada cannot sign in");
  await endSession(database, ACTOR, session.sid);
  return session;
}

describe("who may what", () => {
  it("is the same after it went through the file", async () => {
    const { sid, working, gone, userId } = await populate();
    const loaded = new AccessList();
    await loaded.load(library.database.reads);
    await writeAccessFile(file, SECRET, loaded.snapshot(new Date()));
    const snapshot = await readAccessFile(file, SECRET);
    if (snapshot === null || snapshot === "damaged") throw new Error(`the file is ${snapshot}`);
    const recalled = new AccessList();
    recalled.takeSnapshot(snapshot);
    for (const access of [loaded, recalled]) {
      expect(access.key(working.id)).toMatchObject({ revoked: false, expiresAt: Date.parse("2099-01-01T00:00:00Z") });
      expect(access.key(gone.id)).toMatchObject({ revoked: true });
      expect(access.sessionEnded(sid)).toBe(true);
      expect(access.user(userId)).toMatchObject({
        username: "ada",
        operator: true,
        roles: { [library.project.id]: "owner" },
      });
      expect(access.project("default")).toEqual(library.project);
    }
    expect(recalled.snapshot(new Date())).toEqual(snapshot);
    expect(recalled.key(working.id)?.secretHash).toEqual(loaded.key(working.id)?.secretHash);
  });

  it("holds no password and no secret in the file, which only its owner can read", async () => {
    const { working } = await populate();
    const access = new AccessList();
    await access.load(library.database.reads);
    await writeAccessFile(file, SECRET, access.snapshot(new Date()));
    const text = await readFile(file, "utf8");
    for (const secret of [PASSWORD, "argon2", working.key.split("_")[2] ?? "?"]) expect(text).not.toContain(secret);
  });

  it("is damaged when any byte of the file was changed, cut off, or the secret is another", async () => {
    await populate();
    const access = new AccessList();
    await access.load(library.database.reads);
    await writeAccessFile(file, SECRET, access.snapshot(new Date()));
    expect(await readAccessFile(file, "t".repeat(64))).toBe("damaged");
    const bytes = await readFile(file);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      await writeFile(file, changed);
      expect([at, await readAccessFile(file, SECRET)]).toEqual([at, "damaged"]);
    }
    for (const text of ["", "null", "{}", "[]", bytes.toString().slice(0, -1)]) {
      await writeFile(file, text);
      expect(await readAccessFile(file, SECRET)).toBe("damaged");
    }
  });

  it("is null where there is no file", async () => {
    expect(await readAccessFile(file, SECRET)).toBeNull();
  });

  it("is kept current by what changed, and tells whether that concerned it", async () => {
    const { working } = await populate();
    const access = new AccessList();
    await access.load(library.database.reads);
    await revokeKey(library.database, library.project, ACTOR, working.id);
    expect(access.key(working.id)?.revoked).toBe(false);
    const change = { kind: "key", subject: working.id, revision: 0n, tx: "7" } as const;
    expect(await access.refresh(library.database.reads, [change])).toBe(true);
    expect(access.key(working.id)?.revoked).toBe(true);
    expect(await access.refresh(library.database.reads, [{ ...change, kind: "prompt" }])).toBe(false);
  });

  it("keeps somebody outside whose change cannot be read, but not for a change that was read before", async () => {
    const { working } = await populate();
    const access = new AccessList();
    await access.load(library.database.reads);
    const change = { kind: "key", subject: working.id, revision: 0n, tx: "7" } as const;
    await access.refresh(library.database.reads, [change]);
    const away = openDatabase({ host: "127.0.0.1", port: 1 }, null);
    expect(await access.refresh(away.reads, [change])).toBe(false);
    expect(access.key(working.id)).toBeDefined();
    // Both read at once, and only one gets through.
    const failing = access.refresh(away.reads, [{ ...change, tx: "9" }]).catch(() => "failed");
    await access.refresh(library.database.reads, [{ ...change, tx: "9" }]);
    expect([await failing, access.key(working.id)?.id]).toEqual(["failed", working.id]);
    await expect(access.refresh(away.reads, [{ ...change, tx: "8" }])).rejects.toThrow();
    expect(access.key(working.id)).toBeUndefined();
    await away.close();
  });

  it("forgets of an ended session when its token has expired, as soon as another ends", async () => {
    const { sid } = await populate();
    const access = new AccessList();
    await access.load(library.database.reads);
    const remembered = () => access.snapshot(new Date(0)).endedSessions.map(([id]) => id);
    expect(remembered()).toEqual([sid]);
    const later = new Date(clock.now().getTime() + 13 * 3_600_000);
    const next = await endedSession();
    vi.spyOn(clock, "now").mockReturnValue(later);
    await access.refresh(library.database.reads, [{ kind: "session", subject: next.sid, revision: 0n, tx: "7" }]);
    expect(remembered()).toEqual([next.sid]);
  });

  it("reads once more what was read long ago, instead of remembering all that ever changed", async () => {
    const access = new AccessList();
    const of = (subject: string) => ({ kind: "key", subject, revision: 0n, tx: "7" }) as const;
    const refresh = (...subjects: string[]) => access.refresh(library.database.reads, subjects.map(of));
    expect([await refresh("first"), await refresh("first")]).toEqual([true, false]);
    await refresh(...Array.from({ length: 20_000 }, (_, at) => `k${at}`));
    expect(await refresh("first")).toBe(true);
  });
});

import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";
import { openDatabase } from "../database/database.ts";
import { createKey, listKeys, revokeKey, writeLastUsed } from "./keys.ts";
import { moveLabel, removeLabel } from "./labels.ts";
import { patchPrompt } from "./list.ts";
import { createProject, listProjects } from "./projects.ts";
import { endSession, signIn } from "./sessions.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";
import { changeUser, createFirstAdmin, createUser, listMembers, listUsers, setMember } from "./users.ts";

const PASSWORD = "correct horse battery";
const FROM = { address: "192.0.2.7", userAgent: "test" };
let library: TestLibrary;

beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

const user = (username: string, operator = false) =>
  createUser(library.database, ACTOR, { username, password: PASSWORD, operator });
const change = (username: string, values: Parameters<typeof changeUser>[3]) =>
  changeUser(library.database, ACTOR, username, values);
const member = (username: string, role: Parameters<typeof setMember>[5], mayChangeOwners = true) =>
  setMember(library.database, library.project, ACTOR, mayChangeOwners, username, role);
const login = (username: string, password = PASSWORD) =>
  signIn(library.database, { username, password }, FROM, new Date());
const someoneWaits = async () =>
  (
    await library.asSuperuser(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  ).length > 0;
const revoked = async (sid: string) =>
  (
    await library.database.reads
      .selectFrom("sessions")
      .select("revoked_at")
      .where("id", "=", sid)
      .executeTakeFirstOrThrow()
  ).revoked_at !== null;

describe("the last operator", () => {
  it("can neither be unmade nor disabled, until there is another", async () => {
    await user("ada", true);
    await expect(change("ada", { operator: false })).rejects.toMatchObject({ code: "last_operator" });
    await expect(change("ada", { disabled: true })).rejects.toMatchObject({ code: "last_operator" });
    await user("bob", true);
    expect(await change("ada", { disabled: true })).toMatchObject({ disabled: true });
    await expect(change("bob", { operator: false })).rejects.toMatchObject({ code: "last_operator" });
  });

  it("stays when two operators unmake each other at once", async () => {
    for (let round = 0; round < 4; round += 1) {
      const [a, b] = [`a${round}`, `b${round}`];
      await user(a, true);
      await user(b, true);
      for (const { username, operator } of (await listUsers(library.database.reads)).items) {
        if (operator && username !== a && username !== b) await change(username, { operator: false });
      }
      const both = await Promise.allSettled([change(a, { operator: false }), change(b, { disabled: true })]);
      expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });
});

describe("the last owner of a project", () => {
  it("can neither be removed nor made less, until there is another", async () => {
    await user("ada");
    await member("ada", "owner");
    await expect(member("ada", "viewer")).rejects.toMatchObject({ code: "last_owner" });
    await expect(member("ada", null)).rejects.toMatchObject({ code: "last_owner" });
    await user("bob");
    await member("bob", "owner");
    await member("ada", null);
    expect((await listMembers(library.database.reads, library.project)).items).toEqual([
      { username: "bob", role: "owner" },
    ]);
  });

  it("stays when two owners remove each other at once", async () => {
    await user("ada");
    await user("bob");
    for (let round = 0; round < 5; round += 1) {
      await member("ada", "owner");
      await member("bob", "owner");
      const both = await Promise.allSettled([member("ada", null), member("bob", "viewer")]);
      expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });

  it("is not touched by an admin, nor does an admin make owners", async () => {
    await user("ada");
    await user("bob");
    await member("ada", "owner");
    await expect(member("ada", "viewer", false)).rejects.toMatchObject({ code: "forbidden" });
    await expect(member("bob", "owner", false)).rejects.toMatchObject({ code: "forbidden" });
    await member("bob", "editor", false);
    await expect(member("nobody", "viewer")).rejects.toMatchObject({ code: "user_not_found" });
  });
});

describe("a user", () => {
  it("signs in with the right password only, and is not told what was wrong", async () => {
    await user("ada");
    expect(await login("ada")).toMatchObject({ username: "ada", operator: false });
    expect(await login("ada", "wrong")).toBeNull();
    expect(await login("nobody")).toBeNull();
    await change("ada", { disabled: true }).catch(() => {});
  });

  it("that is disabled cannot sign in, and its sessions end", async () => {
    await user("op", true);
    await user("ada");
    const session = await login("ada");
    await change("ada", { disabled: true });
    expect(await revoked(session?.sid ?? "")).toBe(true);
    expect(await login("ada")).toBeNull();
    await change("ada", { disabled: false });
    expect(await login("ada")).not.toBeNull();
  });

  it("whose password is changed is signed out everywhere, and gets in with the new one alone", async () => {
    await user("op", true);
    await user("ada");
    const sessions = [await login("ada"), await login("ada")];
    await change("ada", { password: "another horse battery" });
    for (const session of sessions) expect(await revoked(session?.sid ?? "")).toBe(true);
    expect(await login("ada")).toBeNull();
    expect(await login("ada", "another horse battery")).not.toBeNull();
  });

  it("that is disabled while the password is checked gets no session", async () => {
    await user("op", true);
    await user("ada");
    const other = new pg.Client({ ...library.fresh.superuserConfig, options: "-c search_path=promptlib" });
    await other.connect();
    await other.query("begin; update users set disabled = true where username = 'ada'");
    const session = login("ada");
    // The check found nothing against it; what is about to be given out waits for the other transaction.
    expect(await until(someoneWaits, { timeout: 20_000 })).toBe(true);
    await other.query("commit");
    await other.end();
    expect(await session).toBeNull();
  });

  it("has a name that nobody else has", async () => {
    await user("ada");
    await expect(user("ada")).rejects.toMatchObject({ code: "already_exists" });
  });
});

describe("the first administrator", () => {
  it("is made once by two servers that start at once, as operator and owner", async () => {
    const other = openDatabase(library.fresh.appConfig, null);
    const made = await Promise.all([
      createFirstAdmin(library.database, "admin", PASSWORD),
      createFirstAdmin(other, "root", PASSWORD),
      createFirstAdmin(library.database, "third", PASSWORD),
    ]);
    await other.close();
    expect(made.filter((one) => one)).toHaveLength(1);
    const { items } = await listUsers(library.database.reads);
    expect(items).toMatchObject([{ operator: true, projects: { default: "owner" } }]);
    expect(await createFirstAdmin(library.database, "later", PASSWORD)).toBe(false);
  });
});

describe("a key", () => {
  it("is shown once, kept as a hash, and belongs to its project", async () => {
    const created = await createKey(library.database, library.project, ACTOR, { name: "app" });
    expect(created.key).toMatch(/^plk_[0-9a-z]+_[0-9a-z]+$/);
    const { items } = await listKeys(library.database.reads, library.project);
    expect(items).toMatchObject([{ id: created.id, scopes: ["read"], createdBy: ACTOR.name, revokedAt: null }]);
    const [row] = await library.asSuperuser("select api_keys::text as everything from api_keys");
    expect(JSON.stringify(row)).not.toContain(created.key.split("_")[2]);
    const foreign = { id: "999", name: "other" };
    await expect(revokeKey(library.database, foreign, ACTOR, created.id)).rejects.toMatchObject({
      code: "key_not_found",
    });
  });

  it("revoked twice keeps the time of the first", async () => {
    const { id } = await createKey(library.database, library.project, ACTOR, { name: "app" });
    const first = await revokeKey(library.database, library.project, ACTOR, id);
    expect(await revokeKey(library.database, library.project, ACTOR, id)).toEqual(first);
  });

  it("remembers the last of its uses, whatever order they are written in", async () => {
    const { id } = await createKey(library.database, library.project, ACTOR, { name: "app" });
    const [early, late] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-01-02T00:00:00Z")];
    await writeLastUsed(library.database.writes, new Map([[id, late]]));
    await writeLastUsed(
      library.database.writes,
      new Map([
        [id, early],
        ["unknown", late],
      ]),
    );
    await writeLastUsed(library.database.writes, new Map());
    const { items } = await listKeys(library.database.reads, library.project);
    expect(items[0]?.lastUsedAt).toBe(late.toISOString());
  });
});

describe("projects", () => {
  it("have names of their own, and are listed to those who can see them", async () => {
    await user("ada");
    const [ada] = await library.database.reads.selectFrom("users").select("id").execute();
    await createProject(library.database, ACTOR, { name: "side" }, ada?.id ?? null);
    await expect(createProject(library.database, ACTOR, { name: "side" }, null)).rejects.toMatchObject({
      code: "already_exists",
    });
    const seen = await listProjects(library.database.reads, (name) => (name === "side" ? "owner" : null));
    expect(seen.items).toMatchObject([{ name: "side", role: "owner" }]);
  });
});

describe("every write", () => {
  it("leaves one row in the audit log: who, what, on what, from where, and no secret", async () => {
    const { database, project } = library;
    let session = "";
    let key = "";
    let trashed = "";
    const writes: [action: string, () => Promise<unknown>][] = [
      ["user.create", () => createFirstAdmin(database, "admin", PASSWORD)],
      ["user.create", () => user("ada")],
      ["user.change", () => change("ada", { password: "another horse battery" })],
      ["member.set", () => member("ada", "editor")],
      ["member.remove", () => member("ada", null)],
      [
        "login",
        async () => {
          session = (await login("admin"))?.sid ?? "";
        },
      ],
      ["login.fail", () => login("admin", "a wrong password")],
      ["logout", () => endSession(database, { name: "user:admin", address: FROM.address }, session)],
      ["project.create", () => createProject(database, ACTOR, { name: "side" }, null)],
      [
        "key.create",
        async () => {
          const created = await createKey(database, project, ACTOR, { name: "app" });
          key = created.key;
        },
      ],
      ["key.revoke", () => revokeKey(database, project, ACTOR, key.split("_")[1] ?? "")],
      ["prompt.save", () => library.save({ name: "a", text: "one" })],
      ["prompt.change", () => library.save({ name: "a", text: "one", tags: ["t"] })],
      ["prompt.change", () => patchPrompt(database, project, ACTOR, "a", { description: "d" })],
      ["label.move", () => moveLabel(database, project, ACTOR, "a", "production", 1)],
      ["label.remove", () => removeLabel(database, project, ACTOR, "a", "production")],
      [
        "prompt.trash",
        async () => {
          trashed = (await trashPrompt(database, project, ACTOR, "a")).id;
        },
      ],
      ["prompt.restore", () => restorePrompt(database, project, ACTOR, trashed)],
    ];
    for (const [action, write] of writes) {
      const before = Number(await countRows(library, "audit_log"));
      await write();
      expect([action, await countRows(library, "audit_log")]).toEqual([action, before + 1]);
    }
    const rows = (await library.asSuperuser("select * from audit_log order by id")) as {
      action: string;
      actor: string;
      subject: string;
    }[];
    expect(rows.map(({ action }) => action)).toEqual(writes.map(([action]) => action));
    for (const { actor, subject } of rows) expect([actor, subject].every((one) => one.length > 0)).toBe(true);
    const text = JSON.stringify(rows);
    for (const secret of [PASSWORD, "another horse battery", "a wrong password", key.split("_")[2] ?? "?", "argon2"]) {
      expect(text).not.toContain(secret);
    }
  });
});

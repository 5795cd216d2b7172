import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { changeOwnPassword, resetPassword } from "./password-change.ts";
import { endSession, signIn } from "./sessions.ts";
import { changeUser, createUser } from "./users.ts";

const OLD = "correct horse battery";
const NEW = "another horse battery";
let library: TestLibrary;

beforeEach(async () => {
  library = await openLibrary();
  await createUser(library.database, ACTOR, { username: "op", password: OLD, operator: true });
  await createUser(library.database, ACTOR, { username: "ada", password: OLD });
});
afterEach(() => library.close());

async function login(password: string, username = "ada") {
  const from = { address: "192.0.2.7", userAgent: "test" };
  return signIn(library.database, { username, password }, from, new Date());
}
async function sidOf(username = "ada") {
  return (await login(OLD, username))?.sid ?? "";
}
const change = (sid: string, current = OLD, password = NEW) =>
  changeOwnPassword(library.database, ACTOR, { username: "ada", sid }, { current, password });
const living = async () => {
  const rows = await library.database.reads
    .selectFrom("sessions")
    .select("id")
    .where("revoked_at", "is", null)
    .execute();
  return rows.map(({ id }) => id).sort();
};
const deeds = async () =>
  (await library.asSuperuser("select action, actor, subject, details from audit_log order by id")) as {
    action: string;
  }[];

describe("a person who changes the own password", () => {
  it("keeps this session, loses all others, and gets in with the new one alone", async () => {
    const [here, there, other] = [await sidOf(), await sidOf(), await sidOf("op")];
    expect(await change(here)).toBe(true);
    expect(await living()).toEqual([here, other].sort());
    expect(await living()).not.toContain(there);
    expect(await login(OLD)).toBeNull();
    expect(await login(NEW)).not.toBeNull();
  });

  it("with a wrong present one changes nothing, and that is written down without any password", async () => {
    const [here, there] = [await sidOf(), await sidOf()];
    expect(await change(here, "a wrong password")).toBeNull();
    expect(await living()).toEqual([here, there].sort());
    expect(await login(OLD)).not.toBeNull();
    const entries = await deeds();
    expect(entries).toContainEqual({ action: "password.fail", actor: ACTOR.name, subject: "ada", details: {} });
    for (const secret of [OLD, NEW, "a wrong password", "argon2"])
      expect(JSON.stringify(entries)).not.toContain(secret);
  });

  it("twice at once has one of both come through", async () => {
    const sids = [await sidOf(), await sidOf()];
    const both = await Promise.allSettled(sids.map((sid) => change(sid, OLD, `${NEW} ${sid}`)));
    expect(both.filter((one) => one.status === "fulfilled" && one.value)).toHaveLength(1);
  });

  it("in a session that has ended changes nothing", async () => {
    const sid = await sidOf();
    await endSession(library.database, ACTOR, sid);
    await expect(change(sid)).rejects.toMatchObject({ code: "unauthenticated" });
    expect(await login(OLD)).not.toBeNull();
  });
});

describe("a password that is reset", () => {
  it("is made up, gets the user in, and ends the sessions of this user alone", async () => {
    const [, other] = [await sidOf(), await sidOf("op")];
    const reset = await resetPassword(library.database, ACTOR, "ada");
    expect(reset).toMatchObject({ username: "ada", operator: false, disabled: false });
    expect(reset.password.length).toBeGreaterThanOrEqual(20);
    expect(await living()).toEqual([other]);
    expect(await login(OLD)).toBeNull();
    expect(await login(reset.password)).not.toBeNull();
    const entries = await deeds();
    expect(entries).toContainEqual({ action: "password.reset", actor: ACTOR.name, subject: "ada", details: {} });
    expect(JSON.stringify(entries)).not.toContain(reset.password);
  });

  it("lets nobody in who is disabled", async () => {
    await changeUser(library.database, ACTOR, "ada", { disabled: true });
    const { disabled, password } = await resetPassword(library.database, ACTOR, "ada");
    expect(disabled).toBe(true);
    expect(await login(password)).toBeNull();
  });

  it("is that of a user there is", async () => {
    await expect(resetPassword(library.database, ACTOR, "eve")).rejects.toMatchObject({ code: "user_not_found" });
  });
});

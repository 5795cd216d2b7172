import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { endAllSessionsOf, endSessionOf, listSessionsOf } from "./session-list.ts";
import { forgetOldSessions, signIn } from "./sessions.ts";
import { createUser } from "./users.ts";

const PASSWORD = "correct horse battery";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
let library: TestLibrary;

beforeAll(async () => {
  library = await openLibrary();
  for (const username of ["ada", "bob"]) await createUser(library.database, ACTOR, { username, password: PASSWORD });
});
afterAll(() => library.close());

async function login(username: string, userAgent: string | null = FIREFOX) {
  const from = { address: "192.0.2.7", userAgent };
  const session = await signIn(library.database, { username, password: PASSWORD }, from, new Date());
  return session?.sid ?? "";
}
const list = async (username: string, asking: string | null = null) =>
  (await listSessionsOf(library.database.reads, username, asking)).items;
const idsOf = async (username: string) => (await list(username)).map(({ id }) => id);

describe("the sessions of a user", () => {
  it("are listed last first: when, from where, which browser, which one asks", async () => {
    const [first, second] = [await login("ada"), await login("ada", null)];
    const items = await list("ada", first);
    const common = { username: "ada", address: "192.0.2.7" };
    expect(items).toMatchObject([
      { ...common, id: second, browser: null, userAgent: null, current: false },
      { ...common, id: first, browser: "Firefox on Linux", userAgent: FIREFOX, current: true },
    ]);
    for (const { createdAt, expiresAt } of items) {
      const hours = (new Date(expiresAt).getTime() - new Date(createdAt).getTime()) / 3_600_000;
      expect(Math.round(hours)).toBe(12);
    }
  });

  it("end singly, once, and are then in the list no more", async () => {
    const [gone, stays] = [await login("ada"), await login("ada")];
    await endSessionOf(library.database, ACTOR, "ada", gone);
    expect(await idsOf("ada")).not.toContain(gone);
    expect(await idsOf("ada")).toContain(stays);
    await expect(endSessionOf(library.database, ACTOR, "ada", gone)).rejects.toMatchObject({
      code: "session_not_found",
    });
  });

  it("end by the name of their user only", async () => {
    const sid = await login("bob");
    await expect(endSessionOf(library.database, ACTOR, "ada", sid)).rejects.toMatchObject({
      code: "session_not_found",
    });
    expect(await idsOf("bob")).toContain(sid);
  });

  it("end all at once, those of others stay, and the audit log says who did it", async () => {
    const [, other] = [await login("ada"), await login("bob")];
    await endAllSessionsOf(library.database, ACTOR, "ada");
    expect(await idsOf("ada")).toEqual([]);
    expect(await idsOf("bob")).toContain(other);
    const [last] = await library.asSuperuser("select * from audit_log order by id desc limit 1");
    expect(last).toMatchObject({ action: "session.end", actor: ACTOR.name, subject: "ada", address: ACTOR.address });
  });

  it("that have expired are not listed", async () => {
    const sid = await login("bob");
    await library.asSuperuser(`update sessions set expires_at = now() - interval '1 second' where id = '${sid}'`);
    expect(await idsOf("bob")).not.toContain(sid);
  });

  it("are forgotten 30 days after they expired, not before, whether they were ended or not", async () => {
    const [old, ended, recent] = [await login("bob"), await login("bob"), await login("bob")];
    await endSessionOf(library.database, ACTOR, "bob", ended);
    const expired = (days: number, ...ids: string[]) =>
      library.asSuperuser(
        `update sessions set expires_at = now() - interval '${days} days' where id in ('${ids.join("', '")}')`,
      );
    await expired(31, old, ended);
    await expired(29, recent);
    await forgetOldSessions(library.database.writes);
    const left = await library.database.reads.selectFrom("sessions").select("id").execute();
    expect(left.map(({ id }) => id).filter((id) => [old, ended, recent].includes(id))).toEqual([recent]);
  });

  it("are those of a user there is", async () => {
    const refusal = { code: "user_not_found" };
    await expect(list("eve")).rejects.toMatchObject(refusal);
    await expect(endAllSessionsOf(library.database, ACTOR, "eve")).rejects.toMatchObject(refusal);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { NewKey } from "../contract/routes.ts";
import { rotateKey } from "./key-rotation.ts";
import { createKey, listKeys, revokeKey } from "./keys.ts";

const DAY = 86_400_000;
let library: TestLibrary;

beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const create = (key: Partial<NewKey> = {}) =>
  createKey(library.database, library.project, ACTOR, { name: "app", ...key });
const rotate = (id: string, rotation: Parameters<typeof rotateKey>[4] = {}) =>
  rotateKey(library.database, library.project, ACTOR, id, rotation);
const daysUntil = (instant: string | null) =>
  instant === null ? null : (new Date(instant).getTime() - Date.now()) / DAY;

describe("a key that is rotated", () => {
  it("is followed by another of the same name and scopes, and works on for a day", async () => {
    const old = await create({ name: "website", scopes: ["read", "label:production"] });
    const rotated = await rotate(old.id);
    expect(rotated).toMatchObject({ name: "website", scopes: ["read", "label:production"], expiresAt: null });
    expect(rotated.id).not.toBe(old.id);
    expect(rotated.key).toMatch(new RegExp(`^plk_${rotated.id}_[0-9a-z]+$`));
    expect(rotated.replaces).toMatchObject({ id: old.id, revokedAt: null });
    expect(daysUntil(rotated.replaces.expiresAt)).toBeCloseTo(1, 2);
    const { items } = await listKeys(library.database.reads, library.project);
    expect(items.find(({ id }) => id === old.id)).toEqual(rotated.replaces);
  });

  it("never works longer than it would have", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await create({ expiresAt });
    expect((await rotate(id, { overlapSeconds: 7 * 86_400 })).replaces.expiresAt).toBe(expiresAt);
  });

  it("that was made for thirty days is followed by one for thirty days, unless another end is given", async () => {
    const { id } = await create({ expiresAt: new Date(Date.now() + 30 * DAY).toISOString() });
    await library.asSuperuser(`update api_keys set created_at = created_at - interval '20 days',
      expires_at = expires_at - interval '20 days' where id = '${id}'`);
    const rotated = await rotate(id);
    for (const each of [rotated, await rotate(id)]) expect(daysUntil(each.expiresAt)).toBeCloseTo(30, 2);
    const expiresAt = "2099-01-01T00:00:00.000Z";
    expect((await rotate(rotated.id, { expiresAt })).expiresAt).toBe(expiresAt);
  });

  it("without an overlap is revoked", async () => {
    const { id } = await create();
    const { replaces } = await rotate(id, { overlapSeconds: 0 });
    expect(replaces).toMatchObject({ id, expiresAt: null, revokedAt: expect.any(String) });
  });

  it("is not given up for one that would have ended already", async () => {
    const { id } = await create();
    const before = await listKeys(library.database.reads, library.project);
    await expect(rotate(id, { expiresAt: new Date(Date.now() - 1000).toISOString() })).rejects.toMatchObject({
      code: "invalid_request",
      details: { faults: [{ field: "body.expiresAt" }] },
    });
    expect(await listKeys(library.database.reads, library.project)).toEqual(before);
  });

  it("must not have ended, and be one of the project", async () => {
    const revoked = await create();
    await revokeKey(library.database, library.project, ACTOR, revoked.id);
    const expired = await create({ expiresAt: "2020-01-01T00:00:00Z" });
    for (const { id } of [revoked, expired]) await expect(rotate(id)).rejects.toMatchObject({ code: "key_ended" });
    await expect(rotate("unknown")).rejects.toMatchObject({ code: "key_not_found" });
    const foreign = { id: "999", name: "other" };
    const { id } = await create();
    await expect(rotateKey(library.database, foreign, ACTOR, id, {})).rejects.toMatchObject({ code: "key_not_found" });
  });

  it("twice at once leaves two new ones, each known to who asked, and neither ends with the old one", async () => {
    const { id } = await create({ name: "twice" });
    const both = await Promise.all([rotate(id), rotate(id)]);
    expect(new Set(both.map((one) => one.id)).size).toBe(2);
    for (const each of both) expect(each).toMatchObject({ name: "twice", expiresAt: null });
  });

  it("leaves one row in the audit log, with both ids and no secret", async () => {
    const { id, key } = await create({ name: "audited" });
    const rotated = await rotate(id, { overlapSeconds: 60 });
    const rows = (await library.asSuperuser("select * from audit_log order by id desc limit 2")) as object[];
    expect(rows).toMatchObject([
      {
        action: "key.rotate",
        subject: id,
        details: { name: "audited", scopes: ["read"], newKey: rotated.id, overlapSeconds: 60, formerEnd: null },
      },
      { action: "key.create", subject: id },
    ]);
    for (const secret of [key, rotated.key]) expect(JSON.stringify(rows)).not.toContain(secret.split("_")[2]);
  });
});

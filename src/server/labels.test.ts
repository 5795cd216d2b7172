/** Labels through the client, on the real server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshServer, newKey, newUser, type Served } from "../../test/support/server.ts";

let server: Served;
beforeAll(async () => {
  server = await freshServer();
});
afterAll(async () => await server.close());

describe("a label over HTTP", () => {
  it("is moved, asked about at a time, and moved back, with a name that holds a folder", async () => {
    const { local } = server;
    await local.savePrompt({ name: "mail/a", text: "one", labels: ["production"] });
    await local.savePrompt({ name: "mail/a", text: "two" });
    const first = await local.readLabel("mail/a", "production");
    const second = await local.moveLabel("mail/a", "production", 2);
    expect(await local.readLabel("mail/a", "production", { at: first.movedAt })).toEqual(first);
    expect((await local.listLabelled("production", { at: second.movedAt })).items).toMatchObject([
      { name: "mail/a", version: 2, trashedAt: null },
    ]);
    expect(await local.undoLabel("mail/a", "production", 2)).toMatchObject({ version: 1 });
    expect((await local.listLabelMoves("mail/a", "production")).items).toHaveLength(3);
    const twin = await server.ask("/api/prompt/labels/production/history?name=mail/a&limit=1", {
      token: server.localToken,
    });
    expect(twin.json.items).toHaveLength(1);
  });

  it("that was taken off is put back only where nobody put it elsewhere meanwhile", async () => {
    const { local } = server;
    await local.savePrompt({ name: "off", text: "one", labels: ["production"] });
    await local.savePrompt({ name: "off", text: "two" });
    await expect(local.undoLabel("off", "production", null)).rejects.toMatchObject({
      code: "label_moved",
      message: expect.stringContaining("is on version 1, not on no version"),
    });
    await local.removeLabel("off", "production");
    await expect(local.undoLabel("off", "production", 1)).rejects.toMatchObject({ code: "label_moved" });
    expect(await local.undoLabel("off", "production", null)).toMatchObject({ version: 1 });
    await local.removeLabel("off", "production");
    await local.moveLabel("off", "production", 2);
    await expect(local.undoLabel("off", "production", null)).rejects.toMatchObject({ code: "label_moved" });
    expect(await local.readLabel("off", "production")).toMatchObject({ version: 2 });
  });

  it("asked about at no time, or one to come, is told what is wrong", async () => {
    for (const at of ["yesterday", "2026-01-01", "2999-01-01T00:00:00Z"]) {
      const answer = await server.ask(`/api/labels/production?at=${at}`, { token: server.localToken });
      expect(answer, at).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
    }
  });
});

describe("a protected label over HTTP", () => {
  it("is moved by admins and by keys that name it, and by nobody else", async () => {
    await server.local.createProject({ name: "guarded" });
    const local = server.as(server.localToken, "guarded");
    await local.protectLabel("production");
    for (const text of ["one", "two"]) await local.savePrompt({ name: "a", text });
    const editor = server.as(await newUser(server, "editor", { role: "editor", project: "guarded" }), "guarded");
    const admin = server.as(await newUser(server, "admin-2", { role: "admin", project: "guarded" }), "guarded");
    const writes = server.as(await newKey(server, ["write"], "guarded"));
    const releases = server.as(await newKey(server, ["label:production"], "guarded"));
    const both = server.as(await newKey(server, ["write", "label:production"], "guarded"));
    const refused = { code: "label_protected" };
    for (const client of [editor, writes]) {
      await expect(client.moveLabel("a", "production", 1)).rejects.toMatchObject(refused);
      await expect(client.savePrompt({ name: "a", text: "x", labels: ["production"] })).rejects.toMatchObject(refused);
      await expect(client.promoteLabel("production", { from: "latest", all: true })).rejects.toMatchObject(refused);
    }
    expect(await releases.moveLabel("a", "production", 1)).toMatchObject({ version: 1 });
    expect(await both.savePrompt({ name: "a", text: "x", labels: ["production"] })).toMatchObject({ version: 3 });
    expect(await admin.undoLabel("a", "production")).toMatchObject({ version: 1 });
    await expect(editor.trashPrompt("a")).rejects.toMatchObject(refused);
    await expect(writes.trashPrompt("a")).rejects.toMatchObject(refused);
    const { id } = await both.trashPrompt("a");
    await expect(editor.restorePrompt(id)).rejects.toMatchObject(refused);
    expect(await admin.restorePrompt(id)).toMatchObject({ labels: { production: 1 } });
  });
});

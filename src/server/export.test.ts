/** Exports that are read slowly, over HTTP: they wait for whoever reads them, and nobody waits for them. */
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMIN, eventually, freshServer, newKey, newUser, type Served } from "../../test/support/server.ts";
import { LONG_READS_AT_ONCE } from "../database/database.ts";

let server: Served;
const tokens: string[] = [];
/** More than lies in the buffers between server and client. */
const VERSIONS = 12;
const TEXT = "x".repeat(1_000_000);

beforeAll(async () => {
  server = await freshServer();
  for (let at = 0; at < VERSIONS; at += 1) await server.local.savePrompt({ name: "large", text: `${at} ${TEXT}` });
  tokens.push(server.localToken, await newKey(server, ["read"]), await newUser(server, "ada", { role: "viewer" }));
}, 60_000);
afterAll(() => server.close());

/** Begins to read an export, and reads no further. */
async function readSlowly(token: string): Promise<{ status: number; retryAfter: unknown; leave(): void }> {
  const sent = request(`${server.url}/api/export`, { agent: false, headers: { authorization: `Bearer ${token}` } });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject).end();
  });
  response.pause();
  sent.on("error", () => {});
  response.on("error", () => {});
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers["retry-after"],
    leave: () => response.destroy(),
  };
}

describe("exports that nobody reads to their end", () => {
  it("are few, half of them of one caller, and keep nobody else waiting", async () => {
    const slow: Awaited<ReturnType<typeof readSlowly>>[] = [];
    for (let round = 0; round < LONG_READS_AT_ONCE; round += 1) {
      for (const token of tokens) slow.push(await readSlowly(token));
    }
    const statuses = slow.map(({ status }) => status);
    // The first two of each of two callers; of the third, who came last in each round, one.
    expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
    expect(statuses.slice(4)).toEqual(Array(statuses.length - 4).fill(503));
    expect(slow.at(-1)?.retryAfter).toBe("5");
    const refused = await server.ask("/api/export", { token: tokens[2] ?? "" });
    expect(refused.json.error).toMatchObject({ code: "too_many_exports", details: { exports: 4, ofThisCaller: 1 } });
    const reads = Array.from({ length: 10 }, () => [server.local.listPrompts(), server.local.listVersions("large")]);
    await Promise.all([...reads.flat(), server.local.login(ADMIN.username, ADMIN.password)]);
    expect((await server.ask("/api/prompts/large?version=3", { token: tokens[1] ?? "" })).status).toBe(200);
    for (const { leave } of slow) leave();
    await eventually(async () => (await server.ask("/api/export", { token: tokens[1] ?? "" })).status === 200);
  });

  it("of one caller leave room for another", async () => {
    const [own = "", other = ""] = tokens;
    await eventually(async () => (await server.ask("/api/export", { token: own })).status === 200);
    const slow = [await readSlowly(own), await readSlowly(own), await readSlowly(own), await readSlowly(other)];
    expect(slow.map(({ status }) => status)).toEqual([200, 200, 503, 200]);
    for (const { leave } of slow) leave();
  });
});

describe("HEAD of an answer of many lines", () => {
  it.each(["/api/export", "/api/audit/export"])("opens none: %s", async (path) => {
    for (let at = 0; at < 2 * LONG_READS_AT_ONCE; at += 1) {
      const { status, headers } = await server.ask(path, { method: "HEAD", token: server.localToken });
      expect([status, headers["content-type"]]).toEqual([200, "application/x-ndjson"]);
    }
    expect((await server.ask(path, { method: "HEAD" })).status).toBe(401);
  });
});

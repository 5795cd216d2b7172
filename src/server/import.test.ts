/** The import over HTTP: both ways at once, and clients that break off, stumble, or do not listen. */
import { type ClientRequest, request as sendRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, freshServer, newKey, newUser, type Served } from "../../test/support/server.ts";
import { until } from "../base/clock.ts";

let server: Served;
let token: string;
beforeAll(async () => {
  server = await freshServer();
  token = await newKey(server, ["read", "write"]);
});
afterAll(async () => await server.close());

/** A request whose body and answer are in the hands of the test. */
function begin(query = "format=csv", headers: Record<string, string> = {}): Conversation {
  const { hostname, port } = new URL(server.url);
  const sent = sendRequest({
    hostname,
    port,
    path: `/api/import?${query}`,
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson", ...headers },
  });
  const conversation: Conversation = { sent, lines: [], ended: false, resume() {} };
  let rest = "";
  sent.on("error", (error) => {
    conversation.failure = error;
    conversation.ended = true;
  });
  sent.on("response", (response) => {
    conversation.status = response.statusCode;
    response.on("data", (piece) => {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      conversation.lines.push(...lines.map((line) => JSON.parse(line)));
    });
    response.on("error", () => {});
    response.on("close", () => {
      conversation.ended = true;
    });
    if (conversation.deaf) response.pause();
    conversation.resume = () => void response.resume();
  });
  return conversation;
}

interface Conversation {
  sent: ClientRequest;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said
  lines: any[];
  ended: boolean;
  /** The connection broke. */
  failure?: Error;
  status?: number | undefined;
  deaf?: boolean;
  resume(): void;
}

const HEADER = "act,prompt,for_devs,type\n";
const piece = (content: string) => `${JSON.stringify({ path: "p.csv", content })}\n`;
/** A kibibyte each: the reader of files waits for 64 of them before it begins. */
const TEXT = "text of it ".repeat(93);
const rows = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${prefix} ${from + index},${TEXT},FALSE,TEXT\n`).join("");
const count = async (folder: string) =>
  (await server.as(token).listPrompts({ limit: 200 })).items.filter(({ name }) => name.startsWith(folder)).length;

describe("an import", () => {
  it("answers what it did while the rest is still to come", async () => {
    const talk = begin();
    talk.sent.write(piece(HEADER));
    talk.sent.write(piece(rows("streamed", 0, 150)));
    await eventually(async () => talk.lines.length >= 100);
    expect(talk.ended).toBe(false);
    expect(await count("streamed")).toBeGreaterThanOrEqual(100);
    talk.sent.end(piece(rows("streamed", 150, 160)));
    await eventually(async () => talk.ended);
    expect(talk.lines).toHaveLength(161);
    expect(talk.lines.at(-1)).toMatchObject({ summary: { created: 160, rejected: 0 } });
  });

  it("of nothing has an empty summary", async () => {
    const talk = begin();
    talk.sent.end();
    await eventually(async () => talk.ended);
    expect(talk.lines.at(-1)).toMatchObject({ summary: { created: 0 } });
  });

  it("of a large file without a header says so once, and goes on with the next file", async () => {
    const talk = begin();
    for (const path of ["headless.csv", "headless.csv", "whole.csv"]) {
      const header = path === "whole.csv" ? HEADER : "";
      talk.sent.write(`${JSON.stringify({ path, content: `${header}${rows(path, 0, 100)}` })}\n`);
    }
    talk.sent.end();
    await eventually(async () => talk.ended);
    expect(talk.lines[0]).toMatchObject({ path: "headless.csv", line: 1, result: "rejected" });
    expect(talk.lines.at(-1)).toMatchObject({ summary: { rejected: 1, created: 100 } });
  });

  it("of a format that is not known is refused before anything is sent", async () => {
    for (const query of ["", "?format=xml", "?format=csv&dryRun=yes"]) {
      const reply = await server.ask(`/api/import${query}`, {
        method: "POST",
        token,
        headers: { "content-type": "application/x-ndjson" },
        body: piece("x"),
      });
      expect(reply).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
    }
  });

  it.each([
    ["is no JSON", "{nonsense\n"],
    ["lacks its content", '{"path":"p.csv"}\n'],
    ["is no UTF-8", Buffer.from([0x7b, 0xff, 0x0a])],
  ])("whose line %s ends with an error line, though more was on its way", async (what, line) => {
    const prefix = `before ${what}`;
    const talk = begin();
    talk.sent.write(piece(`${HEADER}${rows(prefix, 0, 150)}`));
    await eventually(async () => talk.lines.length >= 100);
    talk.sent.write(line);
    // Longer than what the sockets hold: the answer must come although this is not read.
    for (let more = 0; more < 40; more++) talk.sent.write(piece("x".repeat(256 * 1024)));
    talk.sent.end();
    await eventually(async () => talk.ended);
    expect(talk.lines.at(-1)).toMatchObject({ error: { code: "invalid_request" } });
    await eventually(async () => talk.sent.writableFinished || talk.failure);
    expect(talk.failure).toBeUndefined();
    expect(await count(prefix)).toBe(100);
  });

  it("whose client goes away in the middle keeps what it had done, and hangs nobody", async () => {
    const talk = begin();
    talk.sent.write(piece(`${HEADER}${rows("abandoned", 0, 150)}`));
    await eventually(async () => talk.lines.length >= 100);
    talk.sent.destroy();
    await eventually(async () => talk.ended);
    expect(await count("abandoned")).toBe(100);
    const again = begin();
    again.sent.end(piece(`${HEADER}${rows("abandoned", 0, 150)}`));
    await eventually(async () => again.ended);
    expect(again.lines.at(-1)).toMatchObject({ summary: { created: 50, unchanged: 100 } });
  });

  it("waits for a client that does not read, and goes on when it does", async () => {
    const talk = begin("format=csv&dryRun=true");
    talk.deaf = true;
    // Twins of one row ask the database for nothing: this is as fast as it gets.
    const twins = piece("same,text,FALSE,TEXT\n".repeat(20_000));
    const total = 200;
    talk.sent.write(piece("act,prompt,for_devs,type\nsame,text,FALSE,TEXT\n"));
    for (let sent = 0; sent < total; sent++) talk.sent.write(twins);
    talk.sent.end();
    const waiting = () => talk.sent.socket?.writableLength ?? 0;
    let before = -1;
    await until(
      () => {
        const now = waiting();
        const stands = now === before || (talk.sent.writableFinished && now === 0);
        before = now;
        return stands && now > -1;
      },
      { timeout: 20_000, every: 1_000 },
    );
    expect(waiting()).toBeGreaterThan(0);
    talk.resume();
    await eventually(async () => talk.lines.length > 0);
    talk.sent.destroy();
    expect((await server.ask("/health")).status).toBe(200);
  });

  it("goes on for a page, which reads nothing before it has sent all", async () => {
    const talk = begin("format=csv&dryRun=true", { "x-promptlib-csrf": "1" });
    talk.deaf = true;
    talk.sent.once("finish", () => {
      talk.deaf = false;
      talk.resume();
    });
    // Both ways more than sockets hold, in more lines than a connection takes at once.
    talk.sent.write(piece(HEADER));
    const twins = piece(`same,${TEXT.slice(0, 120)},FALSE,TEXT\n`.repeat(1_000));
    for (let sent = 0; sent < 100; sent++) talk.sent.write(twins);
    talk.sent.end();
    await eventually(async () => talk.ended);
    expect(talk.lines.at(-1)).toMatchObject({ summary: { twin: 99_999, created: 1 } });
  });

  it("names a prompt after the path inside its folder, where the format has no names", async () => {
    const talk = begin("format=fabric");
    const line = { path: "/home/ada/patterns/sum/system.md", inside: "sum/system.md", content: "Sum up." };
    talk.sent.end(`${JSON.stringify(line)}\n`);
    await eventually(async () => talk.ended);
    expect(talk.lines[0]).toMatchObject({ path: line.path, name: "sum", result: "created" });
  });
});

describe("an export", () => {
  it("comes as lines, and goes into another project by an admin, not by an editor or a key, whatever they may", async () => {
    await server.as(token).savePrompt({ name: "exported", text: "x", labels: ["production"] });
    await server.local.protectLabel("production");
    const lines = await Array.fromAsync(server.as(token).exportPrompts());
    expect(lines.some((line) => line.startsWith('{"prompt":{"name":"exported"'))).toBe(true);
    await server.local.createProject({ name: "copy" });
    async function* pieces() {
      for (const line of lines) yield { path: "x.ndjson", content: `${line}\n` };
    }
    const tokens = [
      await newKey(server, ["read", "write"], "copy"),
      await newKey(server, ["write", "label:production"], "copy"),
      await newUser(server, "edith", { role: "editor", project: "copy" }),
    ];
    for (const refused of tokens) {
      const lines = Array.fromAsync(server.as(refused, "copy").importPrompts(pieces(), { format: "promptlib" }));
      await expect(lines).rejects.toMatchObject({ code: "forbidden" });
    }
    const copy = server.as(await newUser(server, "adam", { role: "admin", project: "copy" }), "copy");
    const answers = await Array.fromAsync(copy.importPrompts(pieces(), { format: "promptlib" }));
    expect(answers.at(-1)).toMatchObject({ summary: { rejected: 0 } });
    expect(await Array.fromAsync(copy.exportPrompts())).toEqual(lines);
    expect((await copy.fetchPrompt("exported", { label: "production" })).prompt.text).toBe("x");
    expect((await copy.listProtectedLabels()).items).toMatchObject([{ label: "production" }]);
    const audit = await copy.listAudit({ project: "copy", action: "prompt.put-back", subject: "exported" });
    expect(audit.items).toMatchObject([{ subject: "exported", details: { versions: 1, trashed: false } }]);
    const pruned = Array.fromAsync(copy.importPrompts(pieces(), { format: "promptlib", prune: true }));
    await expect(pruned).rejects.toMatchObject({ code: "invalid_request" });
  });
});

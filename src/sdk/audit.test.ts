import { describe, expect, it } from "vitest";
import { createClient, PromptlibError } from "./index.ts";

const entry = { id: "1", at: "2026-01-01T00:00:00.000Z", actor: "user:ada", action: "login", subject: "ada" };

/** A client whose server answers these pieces, and then ends or breaks off. */
function clientFor(pieces: string[], broken = false) {
  const answer = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        if (broken) setTimeout(() => controller.error(new TypeError("terminated")), 20);
        else controller.close();
      },
    });
  return createClient({ url: "http://library.test", token: "t", fetch: async () => new Response(answer()) });
}
const line = JSON.stringify(entry);

describe("an exported audit log", () => {
  it("is read line by line, wherever the pieces are cut", async () => {
    const client = clientFor([line.slice(0, 10), `${line.slice(10)}\n${line}`, "\n"]);
    expect(await Array.fromAsync(client.exportAudit())).toEqual([entry, entry]);
  });

  it("throws an error that the server met on the way, after what came before", async () => {
    const entries = clientFor([
      `${line}\n${JSON.stringify(new PromptlibError("database_unavailable"))}\n`,
    ]).exportAudit();
    expect((await entries.next()).value).toEqual(entry);
    await expect(entries.next()).rejects.toMatchObject({ code: "database_unavailable" });
  });

  it("that breaks off says so", async () => {
    const entries = clientFor([`${line}\n`], true).exportAudit();
    expect((await entries.next()).value).toEqual(entry);
    await expect(entries.next()).rejects.toThrow("broke off");
  });
});

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { answering } from "../../test/support/answering.ts";
import type { ImportPiece } from "../contract/import-shapes.ts";
import { type Client, createClient, PromptlibError } from "./index.ts";

async function clientOf(listener: RequestListener): Promise<Client> {
  const { url } = await answering(listener);
  return createClient({ url });
}

const summary = { summary: { created: 1 } };
const item = (line: number) => ({ path: "a.csv", line, name: "n".repeat(200), result: "created", notes: [] });

async function* pieces(count: number, size = 1000): AsyncGenerator<ImportPiece> {
  for (let index = 0; index < count; index++) yield { path: "a.csv", content: "x".repeat(size) };
}

/** Answers each line with one of its own and reads nothing more while its answer is not read. */
async function lineByLine(request: IncomingMessage, response: ServerResponse, seen: string[] = []): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  let rest = "";
  for await (const data of request) {
    const lines = (rest + String(data)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      seen.push(line);
      if (response.write(`${JSON.stringify(item(seen.length))}\n`)) continue;
      await new Promise((resolve) => response.once("drain", resolve));
    }
  }
  response.end(`${JSON.stringify(summary)}\n`);
}

async function errorOf(items: AsyncGenerator<unknown>): Promise<unknown> {
  return await Array.fromAsync(items).then(
    () => expect.fail("it should have failed"),
    (reason: unknown) => reason,
  );
}

describe("an import", () => {
  it("sends each piece as a line and answers each item, the summary last", async () => {
    const seen: string[] = [];
    const client = await clientOf((request, response) => void lineByLine(request, response, seen));
    const answers = await Array.fromAsync(client.importPrompts(pieces(3, 1), { format: "csv" }));
    expect(answers).toEqual([item(1), item(2), item(3), summary]);
    expect(seen.map((line) => JSON.parse(line))).toEqual(Array(3).fill({ path: "a.csv", content: "x" }));
  });

  it("of many megabytes both ways ends, with a server that stops reading while its answer waits", async () => {
    const client = await clientOf((request, response) => void lineByLine(request, response));
    let answers = 0;
    for await (const _ of client.importPrompts(pieces(60_000, 300), { format: "csv" })) answers += 1;
    expect(answers).toBe(60_001);
  });

  it("takes no more from its source than what is being sent", async () => {
    let taken = 0;
    async function* counted() {
      for await (const piece of pieces(2000, 100_000)) {
        taken += 1;
        yield piece;
      }
    }
    const client = await clientOf((_request, response) => {
      // Reads nothing at all.
      response.writeHead(200).write(`${JSON.stringify(item(1))}\n`);
    });
    const answers = client.importPrompts(counted(), { format: "csv" });
    await answers.next();
    expect(taken).toBeLessThan(500);
    await answers.return();
  });

  it("that is refused throws the refusal, though its source has far more to give", async () => {
    const client = await clientOf((_request, response) => {
      const refusal = new PromptlibError("unauthenticated");
      response.writeHead(401).end(JSON.stringify(refusal));
    });
    const error = await errorOf(client.importPrompts(pieces(5000, 10_000), { format: "csv" }));
    expect(error).toMatchObject({ code: "unauthenticated" });
  });

  it("throws an error that the server meets on the way, after what came before", async () => {
    const client = await clientOf((request, response) => {
      request.resume();
      response.write(`${JSON.stringify(item(1))}\n`);
      response.end(`${JSON.stringify(new PromptlibError("database_unavailable"))}\n`);
    });
    const answers = client.importPrompts(pieces(3), { format: "csv" });
    expect((await answers.next()).value).toEqual(item(1));
    await expect(answers.next()).rejects.toMatchObject({ code: "database_unavailable" });
  });

  it.each(["ends", "breaks"])("whose answer %s before the summary says what stays", async (how) => {
    const client = await clientOf((request, response) => {
      request.resume();
      response.write(`${JSON.stringify(item(1))}\n`, () => {
        if (how === "ends") response.end();
        else response.destroy();
      });
    });
    const error = await errorOf(client.importPrompts(pieces(1), { format: "csv" }));
    expect(error).toMatchObject({ code: "server_unreachable" });
    expect(String(error)).toContain("What was imported so far stays.");
  });

  it("throws what its source throws", async () => {
    const broken = new PromptlibError("file_not_found");
    async function* source(): AsyncGenerator<ImportPiece> {
      yield { path: "a.csv", content: "x" };
      throw broken;
    }
    const client = await clientOf((request, response) => void lineByLine(request, response).catch(() => undefined));
    expect(await errorOf(client.importPrompts(source(), { format: "csv" }))).toBe(broken);
  });

  it("whose reader leaves closes its source", async () => {
    const closed = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<ImportPiece> {
      try {
        yield* pieces(100_000);
      } finally {
        closed.resolve();
      }
    }
    const client = await clientOf((request, response) => void lineByLine(request, response).catch(() => undefined));
    for await (const _ of client.importPrompts(source(), { format: "csv" })) break;
    await closed.promise;
  });

  it("that is stopped by its signal ends as interrupted, also while the source waits", async () => {
    const stop = new AbortController();
    async function* source(): AsyncGenerator<ImportPiece> {
      yield { path: "a.csv", content: "x" };
      await new Promise(() => undefined);
    }
    const client = await clientOf((request, response) => void lineByLine(request, response).catch(() => undefined));
    const answers = client.importPrompts(source(), { format: "csv", signal: stop.signal });
    expect((await answers.next()).value).toEqual(item(1));
    stop.abort();
    await expect(answers.next()).rejects.toMatchObject({ code: "interrupted" });
  });
});

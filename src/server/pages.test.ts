import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { fail } from "./answer.ts";
import { servePages } from "./pages.ts";
import type { Parts } from "./route.ts";

const DOCUMENT = `<script nonce="NONCE_OF_THE_ANSWER" src="/assets/a-1.js"></script><style nonce="NONCE_OF_THE_ANSWER"></style>`;
const SCRIPT = "let a = 1;".repeat(100);

let directory: string;
let app: FastifyInstance;

beforeAll(async () => {
  directory = await temporaryDirectory();
  app = Fastify();
  const parts = { backend: { log: console }, metrics: { answered() {} } } as unknown as Parts;
  app.setErrorHandler((error, request, reply) => fail(parts, error, request, reply));
  servePages(app, directory);
});
afterAll(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const get = (url: string, headers = {}) => app.inject({ url, headers });

describe("the pages", () => {
  it("that are not built are said not to be, and are there as soon as they are", async () => {
    expect((await get("/")).json()).toMatchObject({
      error: { code: "not_found", hint: expect.stringContaining("bin/pages") },
    });
    await mkdir(join(directory, "assets"));
    await writeFile(join(directory, "assets/a-1.js"), SCRIPT);
    await writeFile(join(directory, "assets/a-1.js.br"), brotliCompressSync(SCRIPT));
    await writeFile(join(directory, "assets/a-1.js.gz"), gzipSync(SCRIPT));
    await writeFile(join(directory, "index.html"), DOCUMENT);
    expect((await get("/")).statusCode).toBe(200);
  });

  it.each(["/", "/new", "/prompts/mail/welcome", "/prompts/mail%2Fwelcome?version=3"])("are at %s", async (url) => {
    expect((await get(url)).headers["content-type"]).toBe("text/html; charset=utf-8");
  });

  it("run only what the server put into this very answer", async () => {
    const answers = [await get("/"), await get("/")];
    const nonces = answers.map(({ headers, body }) => {
      const policy = String(headers["content-security-policy"]);
      const nonce = /script-src 'nonce-([\w-]{24})'/.exec(policy)?.[1] ?? "";
      expect(policy.split("; ")).toEqual([
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ]);
      expect(body).toBe(DOCUMENT.replaceAll("NONCE_OF_THE_ANSWER", nonce));
      return nonce;
    });
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(answers[0]?.headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
    });
  });

  it.each([
    ["gzip, deflate, br", "br"],
    ["gzip;q=0.8", "gzip"],
    ["br;q=0, gzip", "gzip"],
    ["identity", undefined],
    ["", undefined],
  ])("send their files to who accepts “%s” as %s, to be kept for ever", async (accepted, coding) => {
    const { statusCode, headers, rawPayload } = await get("/assets/a-1.js", { "accept-encoding": accepted });
    expect(statusCode).toBe(200);
    expect(headers["content-encoding"]).toBe(coding);
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(headers.vary).toBe("accept-encoding");
    if (!coding) expect(rawPayload.toString()).toBe(SCRIPT);
  });

  it("that were built anew are served as they are now, and those before until then", async () => {
    await writeFile(join(directory, "index.html"), `${DOCUMENT}<p>new</p>`);
    await utimes(join(directory, "index.html"), 1, 1);
    expect((await get("/")).body).toContain("<p>new</p>");
    await rm(join(directory, "index.html"));
    expect((await get("/")).body).toContain("<p>new</p>");
  });

  it.each(["/assets/b.js", "/assets/a-1.js.br", "/assets/..%2Findex.html", "/assets/constructor", "/elsewhere"])(
    "do not have %s",
    async (url) => {
      expect((await get(url)).statusCode).toBe(404);
    },
  );
});

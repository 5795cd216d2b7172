/** What a reader makes of answers, good and bad. A server of the test's own says what it is told to say. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { fetchedPrompt } from "../../test/support/fetched-prompt.ts";
import { sleep, until } from "../base/clock.ts";
import { BUNDLE_FORMAT, createReader, type Prompt, PromptlibError, type ReaderOptions } from "./index.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const PATIENCE = { timeout: 10_000, every: 5 };

const prompt = (text: string, more: Partial<Prompt> = {}) =>
  fetchedPrompt({ text, labels: ["latest", "production"], ...more });

const good =
  (text: string, more: Partial<Prompt> = {}): Answer =>
  (response) =>
    response.setHeader("etag", `"${text}"`).end(JSON.stringify(prompt(text, more)));
const error =
  (code: ConstructorParameters<typeof PromptlibError>[0], headers: Record<string, string> = {}): Answer =>
  (response) => {
    const told = new PromptlibError(code);
    response.writeHead(told.status, headers).end(JSON.stringify(told));
  };

/** Said by a server without its database. */
const byMirror =
  (answer: Answer): Answer =>
  (response, request) =>
    answer(response.setHeader("x-served-from", "mirror"), request);
const unchanged: Answer = (response) => response.writeHead(304).end();

/** A library that answers fetches with `library.answer`, and tells events by `library.tell`. */
async function library(answer: Answer) {
  const state = { answer, asked: [] as IncomingMessage[], listeners: [] as [IncomingMessage, ServerResponse][] };
  const { url, stop } = await answering((request, response) => {
    if (request.url?.startsWith("/api/changes")) {
      state.listeners.push([request, response]);
      response.writeHead(200, { "content-type": "text/event-stream" }).write("event: ready\ndata: {}\n\nid: 1.1.1\n\n");
      return;
    }
    state.asked.push(request);
    state.answer(response, request);
  });
  return Object.assign(state, {
    url,
    stop,
    tell: (event: string, data: unknown, id: string) =>
      state.listeners.at(-1)?.[1].write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\nid: ${id}\n\n`),
  });
}

function readerOf(url: string, options: Partial<ReaderOptions> = {}) {
  const reader = createReader({ url, retries: 0, events: false, ...options });
  onTestFinished(() => reader.close());
  return reader;
}

const unreachable = "http://127.0.0.1:1";

describe("a prompt that was read", () => {
  it("is read from memory the next time, and asked for once by many at once", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url);
    const reads = await Promise.all([...Array(10).keys()].map(() => reader.get("a", { label: "production" })));
    expect(reads).toEqual(Array(10).fill({ prompt: prompt("one"), from: "server", stale: false }));
    expect(await reader.get("a", { label: "production" })).toMatchObject({ from: "memory", stale: false });
    expect(server.asked.map(({ url }) => url)).toEqual(["/api/prompts/a?label=production"]);
  });

  it("is answered at once when it is old, and asked for meanwhile by its ETag", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { maxAge: 0 });
    await reader.get("a");
    server.answer = (response) => response.writeHead(304).end();
    expect(await reader.get("a")).toMatchObject({ prompt: { text: "one" }, from: "memory", stale: true });
    await until(() => server.asked.length === 2, PATIENCE);
    expect(server.asked[1]?.headers["if-none-match"]).toBe('"one"');
    server.answer = good("two");
    expect(await until(async () => (await reader.get("a")).prompt.text === "two", PATIENCE)).toBe(true);
  });

  it("is waited for when it is too old to be used meanwhile", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0 });
    await reader.get("a");
    server.answer = good("two");
    expect(await reader.get("a")).toMatchObject({ prompt: { text: "two" }, from: "server", stale: false });
  });

  it("is stale where a server said it without its database, also from memory, until one that has it confirms it", async () => {
    const server = await library(byMirror(good("one")));
    const reader = readerOf(server.url);
    expect(await reader.get("a")).toMatchObject({ from: "server", stale: true });
    expect(await reader.get("a")).toMatchObject({ from: "memory", stale: true });
    const asking = readerOf(server.url, { maxAge: 0, maxStale: 0 });
    for (const [answer, stale] of [
      [good("one"), false],
      [byMirror(unchanged), true],
      [unchanged, false],
    ] as const) {
      server.answer = answer;
      expect(await asking.get("a")).toMatchObject({ prompt: { text: "one" }, from: "server", stale });
    }
    expect(await asking.render("a")).toMatchObject({ stale: false });
    server.answer = byMirror(unchanged);
    expect(await asking.render("a")).toMatchObject({ stale: true });
  });

  it("makes room for others when it was not asked for the longest", async () => {
    const server = await library((response, { url }) =>
      good("x", { name: String(url?.slice(13, 14)) })(response, {} as never),
    );
    const reader = readerOf(server.url, { limit: 2 });
    for (const name of ["a", "b", "a", "c", "a", "b"]) await reader.get(name);
    expect(server.asked.map(({ url }) => url?.slice(13, 14))).toEqual(["a", "b", "c", "b"]);
  });
});

describe("a good answer", () => {
  const cut: Answer = (response) => {
    response.setHeader("content-length", "5000").write(JSON.stringify(prompt("two")));
    setTimeout(() => response.destroy(), 20);
  };
  const bad: Record<string, Answer> = {
    "an error of the server's own": error("internal"),
    "a database that is away": error("database_unavailable", { "retry-after": "0" }),
    "a refusal of the key": error("unauthenticated"),
    "a refusal of what it asks": error("forbidden"),
    "a project that nobody knows": error("project_not_found"),
    "too many requests": error("too_many_attempts"),
    "a prompt that is unknown while the database is away": error("prompt_not_found", { "x-served-from": "mirror" }),
    "the page of a proxy": (response) => response.writeHead(502).end("<html>"),
    "a page that is not there": (response) => response.writeHead(404).end("<html>"),
    "a page in place of the prompt": (response) => response.end("<html>"),
    "JSON of something else": (response) => response.end('{"ok":true}'),
    "another prompt": good("two", { name: "b" }),
    "a prompt without its text": (response) => response.end(JSON.stringify({ ...prompt("two"), text: undefined })),
    "half a body": (response) => response.end(JSON.stringify(prompt("two")).slice(0, 100)),
    "a body that is cut off": cut,
    "a broken connection": (response) => response.destroy(),
    "an older one of a server without its database": (response) =>
      good("two", { newest: 1 })(response.setHeader("x-served-from", "mirror"), {} as never),
  };

  // All at once: each waits until a server that failed is asked again.
  it(`is kept, and the trouble told, until a better one comes, in the face of ${Object.keys(bad).join("; ")}`, async () => {
    await Promise.all(Object.entries(bad).map(([what, answer]) => isKeptInTheFaceOf(answer, what)));
  });

  it("is kept in the face of an older place of its label, which a server without its database knows", async () => {
    const at =
      (revision: string, text: string): Answer =>
      (response) => {
        const headers = { "x-revision": revision, ...(text === "two" ? {} : { "x-served-from": "mirror" }) };
        response.setHeaders(new Map(Object.entries(headers)));
        good(text)(response, {} as never);
      };
    const server = await library(at("10", "two"));
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0 });
    await reader.get("a", { label: "production" });
    server.answer = at("9", "one");
    expect(await reader.get("a", { label: "production" })).toMatchObject({ prompt: { text: "two" }, stale: true });
    server.answer = at("11", "three");
    const text = async () => (await reader.get("a", { label: "production" })).prompt.text;
    expect(await until(async () => (await text()) === "three", PATIENCE)).toBe(true);
  });

  it("is kept in the face of where its label was between two answers that were the same", async () => {
    const server = await library((response, request) => good("one")(response.setHeader("x-revision", "10"), request));
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0 });
    const read = () => reader.get("a", { label: "production" });
    await read();
    server.answer = (response) => response.writeHead(304, { "x-revision": "12" }).end();
    expect(await read()).toMatchObject({ prompt: { text: "one" }, stale: false });
    server.answer = (response, request) =>
      good("between")(
        response.setHeaders(
          new Map([
            ["x-revision", "11"],
            ["x-served-from", "mirror"],
          ]),
        ),
        request,
      );
    expect(await read()).toMatchObject({ prompt: { text: "one" }, stale: true });
  });

  it("is asked for again as ever while something else asks for what cannot be", async () => {
    const server = await library((response, request) =>
      (request.url?.includes("label=NO") ? error("invalid_request") : good("one"))(response, request),
    );
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0 });
    for (let at = 0; at < 3; at += 1) {
      await expect(reader.get("a", { label: "NO" })).rejects.toMatchObject({ code: "invalid_request" });
      expect(await reader.get("a")).toMatchObject({ from: "server", stale: false });
    }
  });

  it("is asked for as ever while something else asks by a name that cannot be sent", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url);
    for (const name of ["x".repeat(5000), "\ud800"]) {
      await expect(reader.get(name)).rejects.toMatchObject({ code: "invalid_request" });
      expect(await reader.get(name, { fallback: "f" })).toMatchObject({ prompt: { text: "f" }, from: "fallback" });
    }
    expect(await reader.get("a", { fallback: "f" })).toMatchObject({ prompt: { text: "one" }, from: "server" });
  });

  it("is not pushed out of memory by names that nobody answers", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { limit: 3 });
    await reader.get("a");
    server.answer = (response) => response.destroy();
    for (let at = 0; at < 9; at += 1) await reader.get(`unknown ${at}`, { fallback: "" });
    expect(await reader.get("a")).toMatchObject({ prompt: { text: "one" }, from: "memory" });
  });

  async function isKeptInTheFaceOf(answer: Answer, what: string) {
    const server = await library(good("one", { version: 1, newest: 2 }));
    const told: PromptlibError[] = [];
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0, onTrouble: (trouble) => told.push(trouble) });
    await reader.get("a", { label: "production" });
    server.answer = answer;
    const read = await reader.get("a", { label: "production", fallback: "worse" });
    expect(read, what).toMatchObject({ prompt: { text: "one" }, from: "memory", stale: true });
    expect(told[0], what).toBeInstanceOf(PromptlibError);
    server.answer = good("three", { newest: 3 });
    const text = async () => (await reader.get("a", { label: "production" })).prompt.text;
    expect(await until(async () => (await text()) === "three", PATIENCE), what).toBe(true);
  }

  const gone = ["prompt_not_found", "label_not_found", "version_not_found", "version_redacted"] as const;

  it(`goes when the library says that it has no such thing any more: ${gone.join(", ")}`, async () => {
    await Promise.all(gone.map(goesWith));
  });

  async function goesWith(code: (typeof gone)[number]) {
    const server = await library(good("one"));
    const bundle = { format: BUNDLE_FORMAT, project: "default", madeAt: "", aliases: {}, prompts: [prompt("bundled")] };
    const reader = readerOf(server.url, { maxAge: 0, maxStale: 0, bundle });
    await reader.get("a");
    server.answer = error(code);
    await expect(reader.get("a")).rejects.toMatchObject({ code });
    expect(await reader.get("a", { fallback: "instead" })).toMatchObject({
      prompt: { text: "instead" },
      from: "fallback",
    });
    // It stays gone when the server breaks, and is back when it is.
    server.answer = error("internal");
    await expect(reader.get("a")).rejects.toMatchObject({ code });
    server.answer = good("again");
    const text = async () => (await reader.get("a", { fallback: "" })).prompt.text;
    expect(await until(async () => (await text()) === "again", PATIENCE), code).toBe(true);
  }
});

describe("without a server", () => {
  const bundle = {
    format: BUNDLE_FORMAT,
    project: "default",
    madeAt: "2026-11-22T06:00:00.000Z",
    aliases: { old: "a" },
    prompts: [
      prompt("first", { version: 1, newest: 2, labels: ["production"] }),
      prompt("second", { version: 2, newest: 2, labels: ["latest"] }),
    ],
  };

  it("the bundle answers, by label, version, latest and former name", async () => {
    const reader = readerOf(unreachable, { bundle });
    const texts = [{ label: "production" }, { version: 1 }, {}, { label: "latest" }].map(
      async (which) => (await reader.get("a", which)).prompt.text,
    );
    expect(await Promise.all(texts)).toEqual(["first", "first", "second", "second"]);
    expect(await reader.get("old")).toMatchObject({ prompt: { name: "a" }, from: "bundle", stale: true });
  });

  it("the fallback answers what the bundle has not, and nothing answers without one", async () => {
    const reader = readerOf(unreachable, { bundle });
    const messages = [{ role: "user" as const, content: "hi" }];
    expect(await reader.get("b", { fallback: messages })).toMatchObject({
      prompt: { name: "b", type: "chat", messages, version: 0 },
      from: "fallback",
    });
    await expect(reader.get("a", { label: "beta" })).rejects.toMatchObject({ code: "server_unreachable" });
  });

  it("nobody waits for it twice, and it is left alone as long as it asks", async () => {
    const server = await library(error("database_unavailable", { "retry-after": "60" }));
    const reader = readerOf(server.url, { bundle });
    for (let again = 0; again < 20; again += 1) {
      expect(await reader.get("a")).toMatchObject({ from: "bundle" });
      expect(await reader.get("c", { fallback: "f" })).toMatchObject({ from: "fallback" });
    }
    expect(server.asked).toHaveLength(1);
  });

  it("that hangs, nobody waits to hear once more that something is gone", async () => {
    const server = await library(error("prompt_not_found"));
    const reader = readerOf(server.url, { events: true, timeout: 3_600_000 });
    await until(() => server.listeners.length === 1, PATIENCE);
    const read = () => reader.get("a", { fallback: "instead" });
    await read();
    server.answer = (response) => response.destroy();
    await expect(reader.get("b")).rejects.toMatchObject({ code: "server_unreachable" });
    server.answer = () => {};
    server.tell("reset", {}, "1.1.2");
    expect(await until(async () => (await read()) && server.asked.length === 3, PATIENCE)).toBe(true);
    expect(await read()).toMatchObject({ from: "fallback" });
  });

  it("a server that comes is used before the bundle", async () => {
    const server = await library((response) => response.destroy());
    const reader = readerOf(server.url, { bundle });
    expect(await reader.get("a")).toMatchObject({ from: "bundle" });
    server.answer = good("one");
    expect(await until(async () => (await reader.get("a")).prompt.text === "one", PATIENCE)).toBe(true);
  });

  it.each([null, {}, "x", { ...bundle, format: "promptlib bundle 2" }, { ...bundle, prompts: [{ name: "a" }] }])(
    "a bundle that is none is refused at once: %j",
    (wrong) => {
      expect(() => createReader({ url: unreachable, bundle: wrong })).toThrow(
        expect.objectContaining({ code: "bundle_invalid" }),
      );
    },
  );
});

describe("a change that is told", () => {
  const change = { project: "default", name: "a", formerNames: ["old"], revision: "2", trashed: false };
  const text = async (reader: ReturnType<typeof readerOf>, name = "a") => (await reader.get(name)).prompt.text;

  it("is asked for at once, before anybody reads it again, under every name", async () => {
    const renamed =
      (text: string): Answer =>
      (response) => {
        good(text)(response.setHeader("x-renamed-to", "a"), {} as never);
      };
    const server = await library(renamed("one"));
    const reader = readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    for (const name of ["a", "old"]) expect(await text(reader, name)).toBe("one");
    server.answer = renamed("two");
    server.tell("change", change, "1.2.2");
    expect(await until(() => server.asked.length === 4, PATIENCE)).toBe(true);
    expect(
      await until(async () => (await text(reader)) === "two" && (await text(reader, "old")) === "two", PATIENCE),
    ).toBe(true);
  });

  it("is found though the server that was asked first did not know of it yet", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    await text(reader);
    server.tell("change", change, "1.2.2");
    await until(() => server.asked.length === 2, PATIENCE);
    server.answer = good("two");
    // Nobody reads meanwhile.
    expect(await until(() => server.asked.length === 3, PATIENCE)).toBe(true);
    expect(await until(async () => (await text(reader)) === "two", PATIENCE)).toBe(true);
  });

  it("is asked for again until a server with its database answers, though not all the time", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    await text(reader);
    server.answer = byMirror(unchanged);
    server.tell("change", change, "1.2.2");
    expect(await until(() => server.asked.length === 3, PATIENCE)).toBe(true);
    const began = performance.now();
    for (let at = 0; at < 20; at += 1) {
      expect(await reader.get("a")).toMatchObject({ stale: true });
      await sleep(20);
    }
    expect(server.asked.length).toBeLessThan(5 + (performance.now() - began) / 1000);
    server.answer = good("two");
    expect(await until(async () => (await text(reader)) === "two", PATIENCE)).toBe(true);
    expect(await reader.get("a")).toMatchObject({ from: "memory", stale: false });
  });

  it("is not missed when the connection breaks: it goes on behind the last event", async () => {
    const server = await library(good("one"));
    readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    server.tell("change", change, "1.2.2");
    server.listeners[0]?.[1].end();
    expect(await until(() => server.listeners.length === 2, PATIENCE)).toBe(true);
    expect(server.listeners[1]?.[0].headers["last-event-id"]).toBe("1.2.2");
  });

  it("may be anything after a reset", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    await text(reader);
    server.answer = good("two");
    server.tell("reset", {}, "2.1.1");
    expect(await until(async () => (await text(reader)) === "two", PATIENCE)).toBe(true);
  });

  it("is not listened for any more after close", async () => {
    const server = await library(good("one"));
    const reader = readerOf(server.url, { events: true });
    await until(() => server.listeners.length === 1, PATIENCE);
    const [, response] = server.listeners[0] ?? [];
    reader.close();
    expect(await until(() => response?.destroyed, PATIENCE)).toBe(true);
    expect(await text(reader)).toBe("one");
  });
});

describe("a render", () => {
  const texts: Record<string, string> = { a: "Hi {{name}}. {{> b}}", b: "Bye {{name}}." };
  const both: Answer = (response, { url }) => {
    const name = String(url?.slice(13, 14));
    good(texts[name] ?? "", { name })(response, {} as never);
  };

  it("puts in values and includes, and says where the prompt came from", async () => {
    const { url } = await library(both);
    const reader = readerOf(url);
    expect(await reader.render("a", { label: "production", values: { name: "Ada" } })).toEqual({
      output: "Hi Ada. Bye Ada.",
      warnings: [],
      version: 1,
      from: "server",
      stale: false,
    });
  });

  it("takes what is included by production where the bundle has it by no other label", async () => {
    const prompts = [
      prompt("Hi. {{> old}}", { labels: ["beta"] }),
      prompt("Bye.", { name: "b", labels: ["production"] }),
    ];
    const bundle = { format: BUNDLE_FORMAT, project: "default", madeAt: "", aliases: { old: "b" }, prompts };
    const reader = readerOf(unreachable, { bundle });
    expect(await reader.render("a", { label: "beta" })).toMatchObject({ output: "Hi. Bye.", from: "bundle" });
    // Whoever asks for it himself hears that nobody knows.
    await expect(reader.get("b", { label: "beta" })).rejects.toMatchObject({ code: "server_unreachable" });
    const without = readerOf(unreachable, { bundle: { ...bundle, prompts: prompts.slice(0, 1) } });
    await expect(without.render("a", { label: "beta" })).rejects.toMatchObject({ code: "server_unreachable" });
  });

  it("takes the fallback where the prompt or what it includes is missing, not where values are wrong", async () => {
    const server = await library((response, request) =>
      (request.url?.includes("/b") ? error("prompt_not_found") : both)(response, request),
    );
    const reader = readerOf(server.url);
    const options = { values: { name: "Ada" }, fallback: "Hello {{name}}" };
    expect(await reader.render("a", options)).toMatchObject({ output: "Hello Ada", version: 0, from: "fallback" });
    await expect(reader.render("a", { values: { name: "Ada" } })).rejects.toMatchObject({ code: "include_unresolved" });
    const none = readerOf(unreachable);
    expect(await none.render("a", options)).toMatchObject({ output: "Hello Ada", from: "fallback" });
    texts.a = "{{count}}";
    server.answer = good("{{n}}", { variables: { n: { type: "number" } } });
    const typed = readerOf(server.url);
    await expect(typed.render("a", { values: { n: "x" }, fallback: "f" })).rejects.toMatchObject({
      code: "render_invalid",
    });
  });
});

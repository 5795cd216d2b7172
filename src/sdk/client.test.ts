import type { RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { type ClientOptions, createClient, PromptlibError } from "./index.ts";

async function clientOf(listener: RequestListener, options: Partial<ClientOptions> = {}) {
  const { url } = await answering(listener);
  return createClient({ url, ...options });
}

async function errorOf(promise: Promise<unknown>): Promise<PromptlibError> {
  const error = await promise.then(
    () => expect.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PromptlibError)) throw error;
  return error;
}

const json = (value: unknown) => JSON.stringify(value);

describe("a fetched prompt", () => {
  it("comes with its ETag and where it was served from", async () => {
    const client = await clientOf((_request, response) => {
      response
        .setHeader("etag", '"v3"')
        .setHeader("x-served-from", "mirror")
        .end(json({ name: "a", version: 3 }));
    });
    const fetched = await client.fetchPrompt("a");
    expect(fetched).toMatchObject({ prompt: { name: "a", version: 3 }, etag: '"v3"', servedFrom: "mirror" });
  });

  it("is null when it still is what the caller has", async () => {
    const client = await clientOf((request, response) => {
      response.writeHead(request.headers["if-none-match"] === '"v3"' ? 304 : 500).end();
    });
    expect(await client.fetchPrompt("a", { ifNoneMatch: '"v3"' })).toBeNull();
  });
});

describe("a name or label that cannot be sent", () => {
  it.each(["\ud800", "", ".", "..", "x".repeat(5000)])("is refused without asking: %j", async (odd) => {
    let asked = 0;
    const client = await clientOf((_request, response) => {
      asked += 1;
      response.end("{}");
    });
    const calls = [
      client.fetchPrompt(odd),
      client.trashPrompt(odd),
      client.diffVersions(odd),
      client.moveLabel(odd, "production", 1),
      ...(odd.length > 2 ? [] : [client.moveLabel("a", odd, 1), client.protectLabel(odd)]),
    ];
    const codes = (await Promise.all(calls.map(errorOf))).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(["invalid_request"]));
    expect(asked).toBe(0);
  });
});

describe("who is asking", () => {
  it("is told by the token", async () => {
    const client = await clientOf(
      (request, response) => {
        response.end(json({ name: request.headers.authorization }));
      },
      { token: "plk_a_b" },
    );
    expect(await client.me()).toEqual({ name: "Bearer plk_a_b" });
  });

  it("is told by a token that was read from a file with the end of its line", async () => {
    const client = await clientOf((request, response) => response.end(json({ name: request.headers.authorization })), {
      token: "plk_a_b\n",
    });
    expect(await client.me()).toEqual({ name: "Bearer plk_a_b" });
  });

  it.each([
    ["http://ada:correct-horse@lib.test", "plk_a_b"],
    ["http://correct-horse@lib.test/x", "plk_a_b"],
    ["http://ada:correct-horse@no host", "plk_a_b"],
    ["//ada:correct-horse@lib.test", "plk_a_b"],
    ["http://lib.test", "correct\nhorse"],
    ["http://lib.test", "correct horse"],
    ["http://lib.test", "correct-horse-€"],
  ])("is refused at once, and not shown, where it cannot be sent: %s, %j", (url, token) => {
    let asked = 0;
    const create = () =>
      createClient({
        url,
        token,
        fetch: () => {
          asked += 1;
          return Promise.reject(new Error());
        },
      });
    expect(create).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.not.stringMatching(/ada|correct|horse/) }),
    );
    expect(asked).toBe(0);
  });

  it("may be asked for at a path, as pages do", async () => {
    const asked: unknown[] = [];
    const send = async (url: unknown) => {
      asked.push(url);
      return new Response("{}");
    };
    for (const url of ["/library/", ""]) await createClient({ url, fetch: send }).me();
    expect(asked).toEqual(["/library/api/auth/me", "/api/auth/me"]);
  });

  it("is told by the page's cookie without a token, so a write carries the header against forgery", async () => {
    const client = await clientOf((request, response) => {
      response.end(json({ username: request.headers["x-promptlib-csrf"] }));
    });
    expect(await client.setMember("eva", "viewer")).toEqual({ username: "1" });
  });
});

describe("all prompts", () => {
  it("are read page by page to the last", async () => {
    const client = await clientOf((request, response) => {
      const cursor = new URL(request.url ?? "", "http://x").searchParams.get("cursor") ?? "0";
      const next = Number(cursor) + 1;
      response.end(json({ items: [{ name: `p${cursor}` }], nextCursor: next < 3 ? String(next) : null, total: 3 }));
    });
    const names = (await Array.fromAsync(client.allPrompts())).map(({ name }) => name);
    expect(names).toEqual(["p0", "p1", "p2"]);
  });
});

describe("an answer that is an error", () => {
  it("becomes the error that the server threw", async () => {
    const sent = new PromptlibError("label_not_found", { message: "No label beta.", details: { labels: ["x"] } });
    const client = await clientOf((_request, response) => response.writeHead(sent.status).end(json(sent)));
    const error = await errorOf(client.fetchPrompt("a", { label: "beta" }));
    expect(error.toJSON()).toEqual(sent.toJSON());
    expect(error.exit).toBe(3);
  });

  it("becomes internal with its own sentence when the server is newer and knows more codes", async () => {
    const body = { error: { code: "quota_exceeded", message: "The quota is used up.", hint: "Buy more." } };
    const client = await clientOf((_request, response) => response.writeHead(429).end(json(body)));
    const error = await errorOf(client.me());
    expect(error).toMatchObject({ code: "internal", message: "The quota is used up.", hint: "Buy more." });
  });

  it.each([502, 200])("tells of what stands in between when it is a page with status %i", async (status) => {
    const client = await clientOf((_request, response) => response.writeHead(status).end("<html>Bad Gateway</html>"));
    const error = await errorOf(client.me());
    expect(error.code).toBe("server_unreachable");
    expect(error.message).toContain(`status ${status}`);
  });

  it.each([
    ["/new", "It leads to {server}/new; give that as the address."],
    [
      "https://ada:secret@lib.test/x/api/prompts?token=secret",
      "It leads to https://lib.test/x; give that as the address.",
    ],
    ["/login?back=secret", "It leads to {server}/login; check the address and any proxy in between."],
    ["mailto:ada", "It leads elsewhere; check the address and any proxy in between."],
  ])("tells where it leads when it is a redirect to %s, and what is there is not asked", async (location, hint) => {
    const asked: unknown[] = [];
    const { url } = await answering((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const elsewhere = location === "/new" ? `/new${request.url}` : location;
      if (asked.length === 1) response.writeHead(301, { location: elsewhere }).end("<html>Moved");
      else response.end(json({ items: [], nextCursor: null }));
    });
    const error = await errorOf(createClient({ url, token: "plk_a_b" }).savePrompt({ name: "a", text: "b" }));
    expect(error).toMatchObject({ code: "server_unreachable", hint: hint.replace("{server}", url) });
    expect(error.message).toBe(`What answers at ${url} (status 301) is not Prompt Library.`);
    expect(asked).toEqual(["POST /api/prompts"]);
  });

  it("is no answer either where lines are read or sent, and it is a redirect", async () => {
    const asked: unknown[] = [];
    const client = await clientOf((request, response) => {
      asked.push(request.url);
      request.resume();
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    const pieces = async function* () {
      yield { path: "a.csv", content: "act,prompt" };
    };
    for (const lines of [client.exportPrompts(), client.importPrompts(pieces(), { format: "csv" })]) {
      const error = await errorOf(Array.fromAsync<unknown>(lines));
      expect([error.code, error.hint]).toEqual([
        "server_unreachable",
        expect.stringContaining("/elsewhere; check the address"),
      ]);
    }
    expect(asked).toEqual(["/api/export", "/api/import?format=csv"]);
  });

  it("is an answer where the health of a server that is down is asked", async () => {
    const health = { status: "down", message: "…", version: "1", parts: {} };
    let asked = 0;
    const client = await clientOf((_request, response) => {
      asked += 1;
      response.writeHead(503).end(json(health));
    });
    expect(await client.systemHealth()).toEqual(health);
    expect(asked).toBe(1);
  });

  it("is an error where a 503 of the health is not the health", async () => {
    const sent = new PromptlibError("not_found");
    const client = await clientOf((_request, response) => response.writeHead(503).end(json(sent)));
    expect((await errorOf(client.systemHealth())).code).toBe("not_found");
  });
});

describe("a server that does not answer", () => {
  /** Breaks the first connections, or answers 503 to them, then answers. */
  function failing(times: number, how: "break" | "503", headers: Record<string, string> = {}) {
    const state = { asked: 0 };
    const listener: RequestListener = (request, response) => {
      state.asked += 1;
      if (state.asked > times) response.end("{}");
      else if (how === "break") request.socket.destroy();
      else response.writeHead(503, headers).end(json(new PromptlibError("database_unavailable")));
    };
    return { state, listener };
  }

  it.each(["break", "503"] as const)("is asked again for a read (%s)", async (how) => {
    const { state, listener } = failing(2, how);
    const client = await clientOf(listener);
    expect(await client.me()).toEqual({});
    expect(state.asked).toBe(3);
  });

  it("is given up after two more times", async () => {
    const { state, listener } = failing(9, "503");
    const client = await clientOf(listener);
    expect((await errorOf(client.me())).code).toBe("database_unavailable");
    expect(state.asked).toBe(3);
  });

  it.each(["break", "503"] as const)("is not asked again for a write (%s)", async (how) => {
    const { state, listener } = failing(1, how);
    const client = await clientOf(listener);
    await errorOf(client.createProject({ name: "p" }));
    expect(state.asked).toBe(1);
  });

  it("is asked again for many prompts at once, which changes nothing though it is a POST", async () => {
    const { state, listener } = failing(2, "503");
    const client = await clientOf(listener);
    await client.resolvePrompts([{ name: "a" }]);
    expect(state.asked).toBe(3);
  });

  it("is not asked again when it wants to be left alone for longer", async () => {
    const { state, listener } = failing(1, "503", { "retry-after": "30" });
    const client = await clientOf(listener);
    expect((await errorOf(client.me())).code).toBe("database_unavailable");
    expect(state.asked).toBe(1);
  });

  it("is asked again no sooner than it says", async () => {
    const { listener } = failing(1, "503", { "retry-after": "1" });
    const times: number[] = [];
    const client = await clientOf((request, response) => {
      times.push(performance.now());
      listener(request, response);
    });
    await client.me();
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThan(990);
  });

  it("is unreachable, and a write says that its outcome is not known", async () => {
    const client = await clientOf((request) => request.socket.destroy(), { retries: 0 });
    expect((await errorOf(client.me())).message).not.toContain("not known");
    const error = await errorOf(client.createProject({ name: "p" }));
    expect(error.code).toBe("server_unreachable");
    expect(error.message).toContain("Whether this was done is not known.");
  });

  it("is unreachable when nothing listens, which is certain for a write too", async () => {
    const { url, stop } = await answering(() => undefined);
    stop();
    const error = await errorOf(createClient({ url }).createProject({ name: "p" }));
    expect(error.code).toBe("server_unreachable");
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.message).not.toContain("not known");
  });

  it("is unreachable when it is silent for longer than the time limit", async () => {
    const client = await clientOf(() => undefined, { timeout: 50 });
    const error = await errorOf(client.me());
    expect(error.message).toContain("does not answer in time");
  });

  it("lets a fetch of the application's own say what is wrong", async () => {
    const own = new PromptlibError("not_running");
    const client = createClient({ url: "http://x.test", fetch: () => Promise.reject(own) });
    expect(await errorOf(client.me())).toBe(own);
  });
});

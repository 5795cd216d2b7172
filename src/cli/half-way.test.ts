/** Verbs that do several things on the server, where one of them fails. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { Instance } from "../../test/support/instance.ts";
import { refusal } from "../../test/support/refusal.ts";
import { type ErrorCode, errorTable, PromptlibError } from "../contract/errors.ts";

let instance: Instance;
beforeAll(async () => {
  instance = await Instance.make();
});
afterAll(() => instance.remove());

/** `answers` by "METHOD path": a body, or the code of an error, as everything else fails. */
async function run(args: string[], answers: Record<string, object | ErrorCode>, input = "") {
  const { url } = await answering((request, response) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    const answer = answers[`${request.method} ${path}`] ?? "internal";
    if (typeof answer !== "string") return response.end(JSON.stringify(answer));
    const error = new PromptlibError(answer);
    response.statusCode = error.status;
    response.end(JSON.stringify(error));
  });
  return await instance.run(args, { input, env: { PROMPTLIB_URL: url, PROMPTLIB_API_KEY: "k" } });
}

it("a user who was added and got no role is told of, with the password that was made", async () => {
  const ran = await run(["user", "add", "eva", "--role", "editor", "--project", "typo"], {
    "POST /api/users": { username: "eva", operator: false, disabled: false, projects: {}, createdAt: "" },
  });
  expect(ran).toMatchObject({
    code: errorTable.internal.exit,
    stdout: "",
    stderr: expect.stringMatching(
      /^eva was added, without the role\. The password is shown this once: \S{20}\npromptlib: .*\(internal\)/,
    ),
  });
});

it("a password that was changed counts, whatever comes of signing out", async () => {
  const answers = { "POST /api/auth/login": { token: "t" }, "POST /api/auth/password": {} };
  const ran = await run(["password", "eva", "--passwords-stdin"], answers, "old one\nnew one\n");
  expect(ran).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("Your password was changed") });
});

it("a password that was not changed says why, whatever comes of signing out", async () => {
  const answers = { "POST /api/auth/login": { token: "t" }, "POST /api/auth/password": "password_wrong" } as const;
  const ran = await run(["password", "eva", "--passwords-stdin"], answers, "old one\nnew one\n");
  expect(ran).toMatchObject({ code: 4, stderr: refusal("password_wrong") });
});

it.each([[[]], [["--json"]]])("what was purged before a purge failed is told, with %j", async (options) => {
  const trashed = (id: string) => ({ id, name: `p${id}`, newest: 1, trashedAt: "2026-01-01T00:00:00.000Z" });
  const ran = await run(["trash", "--purge", "--older-than", "1d", "--yes", ...options], {
    "GET /api/trash": { items: ["1", "2", "3"].map(trashed), nextCursor: null, total: 3, totalIsExact: true },
    "DELETE /api/trash/1": trashed("1"),
    "DELETE /api/trash/2": trashed("2"),
  });
  expect(ran.code).toBe(errorTable.internal.exit);
  expect(ran.stderr).toContain("2 of 3 prompts had been purged before this failed: p1 (ID 1), p2 (ID 2)\n");
});

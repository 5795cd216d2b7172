import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { curlOf } from "../src/web/prompt/curl.ts";

const name = `mail/it's "$(id)" \`x\` !1 ü * ()`;
const wanted = { url: "http://127.0.0.1:8000", key: "plk_a_b", name, label: "production", values: {} };

/** What the shell makes of it, one argument a line. */
function argumentsOf(command: string, env: Record<string, string> = {}): string[] {
  const printed = execFileSync("sh", ["-c", command.replace(/^curl/, "printf '%s\\n'")], { encoding: "utf8", env });
  return printed.trim().split("\n");
}

it("a shell passes on the key and the name as they are, whatever the name", () => {
  const [option, header, url = ""] = argumentsOf(curlOf(wanted));
  expect([option, header]).toEqual(["-H", "Authorization: Bearer plk_a_b"]);
  const { pathname, searchParams } = new URL(url);
  expect(decodeURIComponent(pathname)).toBe(`/api/prompts/${name}`);
  expect(searchParams.get("label")).toBe("production");
});

it("values are passed on as they are, and a key that the shell has is taken from there", () => {
  const values = { "it's": "…" };
  const [, header, , type, , body = "", url = ""] = argumentsOf(curlOf({ ...wanted, key: null, values }), {
    PROMPTLIB_API_KEY: "plk_of_the_shell",
  });
  expect([header, type]).toEqual(["Authorization: Bearer plk_of_the_shell", "content-type: application/json"]);
  expect(JSON.parse(body)).toEqual({ label: "production", values });
  expect(decodeURIComponent(new URL(url).pathname)).toBe(`/api/prompts/${name}/render`);
});

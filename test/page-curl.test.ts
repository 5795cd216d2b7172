import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { curlOf } from "../src/web/admin/curl.ts";

it("a shell passes on the key and the name as they are, whatever the name", () => {
  const name = `mail/it's "$(id)" \`x\` !1 ü * ()`;
  const command = curlOf("http://127.0.0.1:8000", "plk_a_b", name, "production");
  const printed = execFileSync("sh", ["-c", command.replace(/^curl/, "printf '%s\\n'")], { encoding: "utf8" });
  const [option, header, url = ""] = printed.trim().split("\n");
  expect([option, header]).toEqual(["-H", "Authorization: Bearer plk_a_b"]);
  const { pathname, searchParams } = new URL(url);
  expect(decodeURIComponent(pathname)).toBe(`/api/prompts/${name}`);
  expect(searchParams.get("label")).toBe("production");
  expect(curlOf("http://x", "k", "a", null)).toMatch(/prompts\/a'$/);
});

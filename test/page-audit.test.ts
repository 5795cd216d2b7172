import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ACTIONS } from "../src/web/admin/audit-query.ts";

it("on the page of the audit log every action of docs/accounts.md can be chosen", () => {
  const page = readFileSync(new URL("../docs/accounts.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => /^\| `[a-z]+(\.[a-z]+)?`/.test(line));
  const actions = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([a-z]+)/g)].map(([, word]) => word));
  expect(actions.length).toBeGreaterThan(20);
  expect([...new Set(actions)].sort()).toEqual(Object.keys(ACTIONS).sort());
});

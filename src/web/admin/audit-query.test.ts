import { expect, it } from "vitest";
import { type AuditQuery, detailText, filterOf, parseAuditQuery, printAuditQuery } from "./audit-query.ts";

const ALL: AuditQuery = {
  actor: "eva",
  action: "key.create",
  subject: "mail/welcome",
  from: "2026-11-01",
  to: "2026-11-30",
  isOfProject: true,
};
const NOTHING: AuditQuery = { actor: null, action: null, subject: null, from: null, to: null, isOfProject: false };

it("the address says all of it, and nothing where all is asked for", () => {
  expect(parseAuditQuery(printAuditQuery(ALL))).toEqual(ALL);
  expect(printAuditQuery(NOTHING)).toEqual({});
  expect(parseAuditQuery({})).toEqual(NOTHING);
});

it("an action may have a dash", () => {
  expect(parseAuditQuery({ action: "prompt.put-back" }).action).toBe("prompt.put-back");
});

it("what makes no sense in an address is left out", () => {
  expect(parseAuditQuery({ action: "DROP TABLE", from: "yesterday", to: "2026-02-30", of: "x" })).toEqual(NOTHING);
});

it("a bare name is a user, and days are whole ones, the last included", () => {
  expect(filterOf(ALL, "website")).toEqual({
    actor: "user:eva",
    action: "key.create",
    subject: "mail/welcome",
    from: new Date(2026, 10, 1).toISOString(),
    to: new Date(2026, 11, 1).toISOString(),
    project: "website",
  });
  expect(filterOf({ ...NOTHING, actor: "key:4fz8" }, "website")).toEqual({ actor: "key:4fz8" });
  expect(filterOf({ ...NOTHING, actor: "nobody" }, null)).toEqual({ actor: "nobody" });
});

it("details are said in one line", () => {
  expect(detailText(["read", "write"])).toBe("read, write");
  expect(detailText({ a: 1 })).toBe('{"a":1}');
  expect(detailText(null)).toBe("none");
});

import { describe, expect, it } from "vitest";
import type { VersionDiff } from "../sdk/index.ts";
import { diffLines } from "./diff.ts";
import { styledFor } from "./paint.ts";
import { foundLines } from "./search.ts";

const plain = styledFor({ isTTY: false }, {});
const coloured = styledFor({ isTTY: true }, {});
const found = {
  ...{ project: "default", name: "mail/refund", type: "text" as const, description: "", tags: [], newest: 3 },
  ...{ labels: { latest: 3, production: 2 }, createdAt: "", updatedAt: "" },
  match: {
    version: 2,
    labels: ["production"],
    nameMarks: [[5, 11] as [number, number]],
    snippet: { text: "a \u001b[31mrefund", marks: [[7, 13] as [number, number]] },
  },
};

describe("what was found", () => {
  it("is shown with the version where it is not the newest, and nothing in it colours the screen", () => {
    expect(foundLines(found, plain)).toEqual(["mail/refund, version 2 (production)", "    a refund"]);
  });

  it("has what was looked for in bold on a terminal", () => {
    expect(foundLines(found, coloured)[0]).toContain("mail/\u001b[1mrefund\u001b[0m");
    expect(styledFor({ isTTY: true }, { NO_COLOR: "1" })("strong", "x")).toBe("x");
  });
});

describe("a diff", () => {
  const side = { author: "user:ada", message: "", createdAt: "2026-01-01T00:00:00.000Z", contentHash: "", labels: [] };
  const nothing = { name: "a", from: { ...side, version: 1 }, to: { ...side, version: 2 }, variables: [], config: [] };
  const text = { added: 1, removed: 1, coarse: false };
  const part = (kind: "same" | "added" | "removed", ...lines: string[]) => ({ kind, lines });

  it("is shown as patches are: signs before the lines, and a line end that is missing", () => {
    const parts = [part("same", "one\n"), part("removed", "two"), part("added", "\u001b[2Jtwo\n")];
    const diff: VersionDiff = {
      ...{ ...nothing, type: "text", same: false, messages: null, template: null },
      text: { ...text, hunks: [{ fromLine: 1, toLine: 1, parts }] },
      config: [{ path: ["stop", 0], kind: "changed", from: "a", to: "b" }],
    };
    expect(diffLines(diff, plain).slice(2)).toEqual([
      "@@ line 1 → 1 @@",
      " one",
      "-two",
      "\\ no line end",
      "+two",
      '-config.stop.0: "a"',
      '+config.stop.0: "b"',
    ]);
    expect(diffLines(diff, coloured)).toContain("\u001b[31m-two\u001b[0m");
  });

  it("shows what cannot be seen where nothing else differs", () => {
    const parts = [part("same", "a\tb\r\n"), part("removed", "a\tb\r\n"), part("added", "a b\n")];
    const diff: VersionDiff = {
      ...{ ...nothing, type: "text", same: false, messages: null, template: null },
      text: { ...text, hunks: [{ fromLine: 1, toLine: 1, parts }] },
    };
    expect(diffLines(diff, plain).slice(3)).toEqual([" a b ", "-a→   b␍", "+a b"]);
  });

  it("of a chat names each message that differs", () => {
    const hunks = [{ fromLine: 1, toLine: 1, parts: [part("removed", "x\n")] }];
    const diff: VersionDiff = {
      ...{ ...nothing, type: "chat", same: false, text: null, template: { from: "mustache", to: "none" } },
      messages: [
        { kind: "same", from: 0, to: 0, role: "system", content: null },
        { kind: "removed", from: 1, to: null, role: "user", content: { ...text, hunks } },
        { kind: "changed", from: 2, to: 1, role: "assistant", fromRole: "user", content: null },
      ],
    };
    expect(diffLines(diff, plain).slice(2)).toEqual([
      "message 2, user: removed",
      "@@ line 1 → 1 @@",
      "-x",
      "message 2, user → assistant: changed (was message 3)",
      '-template: "mustache"',
      '+template: "none"',
    ]);
  });
});

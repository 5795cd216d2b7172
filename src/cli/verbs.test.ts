import { describe, expect, it } from "vitest";
import { filterOf } from "./audit.ts";
import { promptText } from "./get.ts";
import { expiry, keyState } from "./key.ts";
import { columns } from "./list.ts";
import { twoLines } from "./own-password.ts";
import { promotionOf, summaryText } from "./promote.ts";
import { savedText, saveSettings } from "./push.ts";
import { outputText, renderRequest } from "./render.ts";
import { layTable } from "./table.ts";

describe("a prompt that is printed", () => {
  it("goes to a file to the byte, and gets on a terminal the line end it lacks", () => {
    expect(promptText({ text: "Hello" }, false)).toBe("Hello");
    expect(promptText({ text: "Hello" }, true)).toBe("Hello\n");
    expect(promptText({ text: "Hello\n" }, true)).toBe("Hello\n");
  });

  it("moves no cursor of a terminal and colours nothing there, and goes elsewhere as it is", () => {
    const text = "\u001b[2J\u001b]0;title\u0007red \u009b31m\tand\rback\u0008\n";
    expect(promptText({ text }, false)).toBe(text);
    expect(promptText({ text }, true)).toBe("red \tandback\n");
    expect(promptText({ messages: [{ role: "user", content: text }] }, true)).toBe("[user]\nred \tandback\n");
    expect(outputText({ output: text }, false)).toBe(text);
    expect(outputText({ output: text }, true)).toBe("red \tandback\n");
  });

  it("shows each message of a chat under its role", () => {
    const messages = [{ role: "system" as const, content: "Be brief.\n" }, { placeholder: "history" }];
    expect(promptText({ messages: [...messages, { role: "user", content: "{{q}}" }] }, false)).toBe(
      "[system]\nBe brief.\n\n[messages: history]\n\n[user]\n{{q}}\n",
    );
  });
});

describe("a list of prompts", () => {
  it("shows a label alone on the newest version, with the number on an older one, and latest never", () => {
    const common = { project: "default", type: "text" as const, description: "", createdAt: "", updatedAt: "" };
    const labels = { latest: 3, production: 2, staging: 3 };
    const [, line] = layTable(
      columns.slice(0, 4),
      [{ ...common, name: "a", newest: 3, labels, tags: ["x", "y"] }],
      null,
    );
    expect(line).toBe("a           3  production@2, staging  x, y");
  });
});

describe("what push says and sends", () => {
  it("tells a new version from an unchanged one", () => {
    expect(savedText({ name: "a", version: 3, created: true })).toBe("a: saved version 3");
    expect(savedText({ name: "a", version: 2, created: false })).toBe("a: nothing changed, still version 2");
  });

  it("sends what was given and nothing else", () => {
    expect(saveSettings({})).toEqual({});
    expect(saveSettings({ base: 3, config: '{"temperature":0}', template: "none", label: ["x"] })).toEqual({
      baseVersion: 3,
      config: { temperature: 0 },
      template: "none",
      labels: ["x"],
    });
  });

  it("sends that the prompt must be a new one", () => {
    expect(saveSettings({ new: true })).toEqual({ baseVersion: 0 });
  });

  it.each([{ template: "jinja" }, { base: 2, new: true as const }, { config: "{" }, { config: "[1]" }])(
    "refuses %o as usage",
    (options) => {
      expect(() => saveSettings(options)).toThrow(expect.objectContaining({ code: "usage" }));
    },
  );
});

describe("what render sends and prints", () => {
  it("sends the values of the file, and those of --var before them, as text", () => {
    const file = '{"name":"Bob","count":3,"list":[1]}';
    expect(renderRequest({ var: ["name=Ada", "sum=1+1=2", "none="], label: "production" }, file)).toEqual({
      label: "production",
      values: { name: "Ada", count: 3, list: [1], sum: "1+1=2", none: "" },
    });
    expect(renderRequest({ version: 3, format: "anthropic" }, null)).toEqual({
      values: {},
      version: 3,
      format: "anthropic",
    });
  });

  it.each([
    [{ var: ["name"] }, null],
    [{ var: ["=x"] }, null],
    [{ label: "a", version: 1 }, null],
    [{ format: "gemini" }, null],
    [{}, "[1]"],
    [{}, "{"],
  ])("refuses %o with the file %j as usage", (options, file) => {
    expect(() => renderRequest(options, file)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("prints a text to the byte, with the line end that a terminal wants, and messages as JSON", () => {
    expect(outputText({ output: "Hi" }, false)).toBe("Hi");
    expect(outputText({ output: "Hi" }, true)).toBe("Hi\n");
    expect(JSON.parse(outputText({ output: [{ role: "user", content: "Hi" }] }, true))).toEqual([
      { role: "user", content: "Hi" },
    ]);
  });
});

describe("a promotion", () => {
  it("sends what was given, and is refused when it is not said which prompts, or in two ways", () => {
    expect(promotionOf("staging", ["a"], { dryRun: true })).toEqual({ from: "staging", names: ["a"], dryRun: true });
    expect(promotionOf("staging", [], { folder: "mail", tag: "x" })).toEqual({
      from: "staging",
      folder: "mail",
      tag: "x",
    });
    for (const [names, options] of [
      [[], {}],
      [["a"], { all: true }],
      [[], { all: true, tag: "x" }],
    ] as const) {
      expect(() => promotionOf("staging", [...names], options)).toThrow(expect.objectContaining({ code: "usage" }));
    }
  });

  it("says what was moved, or would be", () => {
    const done = { label: "production", from: "staging", moved: 1, unchanged: 0, items: [], dryRun: false };
    expect(summaryText(done)).toBe("production of 1 prompt was moved to where staging is.");
    expect(summaryText({ ...done, moved: 2, unchanged: 3, dryRun: true })).toBe(
      "production of 2 prompts would be moved to where staging is. 3 prompts had both on one version already.",
    );
  });
});

describe("the end of an API key", () => {
  const present = new Date(2026, 10, 23, 12);

  it("given as a day is the end of that day here", () => {
    expect(new Date(expiry("2027-01-31", present))).toEqual(new Date(2027, 1, 1));
    expect(new Date(expiry("2026-11-23", present))).toEqual(new Date(2026, 10, 24));
  });

  it("given as a time is that time", () => {
    expect(expiry("2027-01-31T12:00:00+02:00", present)).toBe("2027-01-31T10:00:00.000Z");
  });

  it("given as a time without a zone is a time here", () => {
    expect(new Date(expiry("2027-01-31 06:00", present))).toEqual(new Date(2027, 0, 31, 6));
  });

  it.each([
    ...["2027-02-30", "2027-13-01", "soon", "2026-11-22", "5"],
    ...["2027-02-30T12:00:00Z", "2027-01-31T24:00Z", "2027-01-31T12:00:00+99:00"],
  ])("%s is refused", (given) => {
    expect(() => expiry(given, present)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is part of its state", () => {
    const past = "2026-01-01T12:00:00.000Z";
    const later = "2027-01-01T12:00:00.000Z";
    expect(keyState({ revokedAt: null, expiresAt: null }, present)).toBe("works");
    expect(keyState({ revokedAt: null, expiresAt: later }, present)).toMatch(/^works until 2027-01-01/);
    expect(keyState({ revokedAt: null, expiresAt: past }, present)).toMatch(/^expired 2026-01-01/);
    expect(keyState({ revokedAt: past, expiresAt: null }, present)).toMatch(/^revoked 2026-01-01/);
  });
});

describe("two passwords from standard input", () => {
  it("are the present one and the new one, whatever the line ends", () => {
    const chosen = { password: "new one", made: false };
    expect(twoLines("old one\nnew one\n")).toEqual({ current: "old one", chosen });
    expect(twoLines("old one\r\nnew one")).toEqual({ current: "old one", chosen });
  });

  it.each(["", "one\n", "one\n\n", "one\ntwo\nthree\n"])("that are not two lines are refused: %j", (input) => {
    expect(() => twoLines(input)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("the filter of the audit log", () => {
  it("takes days whole, from the first moment of one to the last of the other", () => {
    const { from, to } = filterOf({ from: "2027-01-31", to: "2027-01-31" });
    expect([new Date(from ?? ""), new Date(to ?? "")]).toEqual([new Date(2027, 0, 31), new Date(2027, 1, 1)]);
  });

  it("takes times as they are, and sends what was given and nothing else", () => {
    expect(filterOf({ from: "2027-01-31T12:00:00+02:00", actor: "user:eva", json: true, limit: 3 })).toEqual({
      from: "2027-01-31T10:00:00.000Z",
      actor: "user:eva",
    });
  });

  it.each(["yesterday", "2027-02-30"])("refuses %s as usage", (from) => {
    expect(() => filterOf({ from })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

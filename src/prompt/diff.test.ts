import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { versionDiff } from "../contract/diff.ts";
import { type Message, type Prompt, prompt } from "../contract/shapes.ts";
import { diffVersions } from "./diff.ts";
import { diffText } from "./diff-text.ts";

function version(number: number, content: Partial<Prompt>): Prompt {
  return prompt.parse({
    project: "default",
    name: "a",
    type: content.messages ? "chat" : "text",
    version: number,
    author: "user:ada",
    message: "",
    createdAt: "2026-01-01T00:00:00.000Z",
    contentHash: "sha256:",
    labels: [],
    newest: 9,
    description: "",
    tags: [],
    variables: {},
    config: {},
    template: "mustache",
    ...content,
  });
}

const user = (content: string): Message => ({ role: "user", content });

describe("the difference of two texts", () => {
  it("is nothing where they are the same", () => {
    expect(diffText("a\nb", "a\nb")).toBeNull();
  });

  it("shows three lines around, and no line twice", () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at + 1}\n`);
    const changed = lines.with(4, "other\n").with(25, "another\n");
    const diff = diffText(lines.join(""), changed.join(""));
    expect(diff).toMatchObject({ added: 2, removed: 2, coarse: false });
    expect(
      diff?.hunks.map(({ fromLine, toLine, parts }) => [fromLine, toLine, parts.map(({ lines }) => lines.length)]),
    ).toEqual([
      [2, 2, [3, 1, 1, 3]],
      [23, 23, [3, 1, 1, 3]],
    ]);
  });

  it("tells a line end that is missing, and one of Windows", () => {
    expect(diffText("a\n", "a")).toMatchObject({ added: 1, removed: 1 });
    expect(diffText("a\r\n", "a\n")).toMatchObject({ added: 1, removed: 1 });
  });

  it("put on the one text makes the other", () => {
    const line = fc.constantFrom("a\n", "b\n", "c\n", "", "\n", "long line\r\n");
    const text = fc
      .tuple(fc.array(line, { maxLength: 40 }), fc.constantFrom("", "end"))
      .map(([all, end]) => all.join("") + end);
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(patched(from, diffText(from, to))).toBe(to);
      }),
    );
  });

  it("that is too large to look for is one block against another, and quick to answer", () => {
    const random = (seed: number) =>
      Array.from({ length: 20_000 }, (_, at) => `${seed} ${(at * 7919 * seed) % 100_003}\n`);
    const [from, to] = ["same\n", "same\n"].map((same, at) => [same, ...random(at + 1), same].join(""));
    const began = performance.now();
    const diff = diffText(from ?? "", to ?? "");
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(diff).toMatchObject({ coarse: true, added: 20_000, removed: 20_000 });
    expect(patched(from ?? "", diff)).toBe(to);
  });
});

/** As `patch` does it. */
function patched(from: string, diff: ReturnType<typeof diffText>): string {
  const lines = from.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let made = "";
  let at = 0;
  for (const { fromLine, parts } of diff?.hunks ?? []) {
    made += lines.slice(at, fromLine - 1).join("");
    at = fromLine - 1;
    for (const { kind, lines: said } of parts) {
      if (kind !== "added") {
        expect(lines.slice(at, at + said.length)).toEqual(said);
        at += said.length;
      }
      if (kind !== "removed") made += said.join("");
    }
  }
  return made + lines.slice(at).join("");
}

describe("the difference of two versions", () => {
  it("is empty for a version and itself", () => {
    const one = version(1, { text: "a", config: { model: "x", stop: ["a"] }, variables: { name: { type: "string" } } });
    const diff = diffVersions(one, { ...one, version: 2 });
    expect(diff).toMatchObject({ same: true, text: null, messages: null, variables: [], config: [], template: null });
    expect(versionDiff.parse(diff)).toEqual(diff);
  });

  it("names each place of configuration and variables, and the template", () => {
    const from = version(1, { text: "a", config: { model: "x", stop: ["a", "b"], n: 1 }, variables: { old: {} } });
    const to = version(2, { text: "a", config: { model: "y", stop: ["a"], m: null }, variables: {}, template: "none" });
    const diff = diffVersions(from, to);
    expect(diff).toMatchObject({ same: false, text: null, template: { from: "mustache", to: "none" } });
    expect(diff.config).toEqual([
      { path: ["model"], kind: "changed", from: "x", to: "y" },
      { path: ["stop", 1], kind: "removed", from: "b" },
      { path: ["n"], kind: "removed", from: 1 },
      { path: ["m"], kind: "added", to: null },
    ]);
    expect(diff.variables).toEqual([{ path: ["old"], kind: "removed", from: {} }]);
    expect(versionDiff.parse(diff)).toEqual(diff);
  });

  it("of a chat goes message by message: one put in between moves the others, and changes none", () => {
    const from = version(1, { messages: [{ role: "system", content: "Be kind.\n" }, user("Hello"), user("Bye")] });
    const to = version(2, {
      messages: [{ role: "system", content: "Be brief.\n" }, user("Hello"), { placeholder: "history" }, user("Bye")],
    });
    const { messages } = diffVersions(from, to);
    expect(messages?.map(({ kind, from, to, role }) => [kind, from, to, role])).toEqual([
      ["changed", 0, 0, "system"],
      ["same", 1, 1, "user"],
      ["added", null, 2, "placeholder"],
      ["same", 2, 3, "user"],
    ]);
    expect(messages?.[0]?.content).toMatchObject({ added: 1, removed: 1 });
  });

  it("of a chat tells a role that changed, and what was taken out at the end", () => {
    const from = version(1, { messages: [user("Hello"), user("Bye")] });
    const to = version(2, { messages: [{ role: "assistant", content: "Hello" }] });
    expect(diffVersions(from, to).messages).toMatchObject([
      { kind: "changed", from: 0, to: 0, role: "assistant", fromRole: "user", content: null },
      { kind: "removed", from: 1, to: null, role: "user" },
    ]);
  });

  it("of a chat accounts for every message of both, once", () => {
    const message = fc.constantFrom<Message>(
      user("a"),
      user("b"),
      { role: "assistant", content: "a" },
      { placeholder: "p" },
    );
    const chat = fc.array(message, { maxLength: 8 });
    fc.assert(
      fc.property(chat, chat, (before, after) => {
        const { messages } = diffVersions(version(1, { messages: before }), version(2, { messages: after }));
        if (!messages) {
          expect(after).toEqual(before);
          return;
        }
        const places = (side: "from" | "to") => messages.flatMap((each) => each[side] ?? []).sort((a, b) => a - b);
        expect(places("from")).toEqual([...before.keys()]);
        expect(places("to")).toEqual([...after.keys()]);
        for (const { kind, from, to } of messages) {
          if (kind === "same") expect(after[to ?? -1]).toEqual(before[from ?? -1]);
        }
      }),
    );
  });
});

import { expect, it } from "vitest";
import type { Content } from "./draft.ts";
import { mergeContents } from "./merging.ts";

const base: Content = {
  text: "Dear customer,\nthank you.\nBye\n",
  variables: {},
  config: { t: 0, m: "a" },
  template: "mustache",
};

it("what both changed in other places needs no choice", () => {
  const merging = mergeContents(
    base,
    { ...base, text: "Dear customer,\nthanks a lot.\nBye\n", config: { t: 1, m: "a" } },
    { ...base, text: "Dear friend,\nthank you.\nBye\n", config: { t: 0 }, variables: { x: { default: "1" } } },
  );
  expect(merging.open).toEqual([]);
  expect(merging.build(new Map())).toEqual({
    text: "Dear friend,\nthanks a lot.\nBye\n",
    variables: { x: { default: "1" } },
    config: { t: 1 },
    template: "mustache",
  });
});

it("where both changed the same, one chooses one of them, or both", () => {
  const merging = mergeContents(
    base,
    { ...base, text: "Hi,\n", config: { t: 1, m: "a" } },
    { ...base, text: "Hello,\n", config: { t: 2, m: "a" } },
  );
  const [place, setting] = merging.open as [string, string];
  expect(merging.open).toHaveLength(2);
  expect(merging.values).toEqual([{ id: setting, title: "Setting t", mine: "1", theirs: "2" }]);
  const build = (text: "mine" | "theirs" | "both", t: "mine" | "theirs") =>
    merging.build(
      new Map([
        [place, text],
        [setting, t],
      ]),
    );
  expect(build("both", "theirs")).toMatchObject({ text: "Hello,\nHi,\n", config: { t: 2, m: "a" } });
  expect(build("theirs", "mine")).toMatchObject({ text: "Hello,\n", config: { t: 1, m: "a" } });
});

it("messages are merged one by one as long as only their words were changed, else as a whole", () => {
  const chat = (...said: string[]): Content => ({
    messages: [...said.map((content) => ({ role: "user" as const, content })), { placeholder: "history" }],
    variables: {},
    config: {},
    template: "mustache",
  });
  const merging = mergeContents(chat("a", "b"), chat("A", "b"), chat("a", "B"));
  expect(merging.open).toEqual([]);
  expect(merging.build(new Map()).messages).toEqual(chat("A", "B").messages);
  const other = mergeContents(chat("a"), chat("a", "mine"), chat("a", "theirs"));
  expect(other.open).toHaveLength(1);
  expect(other.build(new Map([[other.open[0] ?? "", "theirs"]])).messages).toEqual(chat("a", "theirs").messages);
});

it("a choice is about what it was made for: it goes when that is changed, and never comes to stand on another place", () => {
  const text = (...lines: string[]): Content => ({ ...base, text: lines.map((line) => `${line}\n`).join("") });
  const was = text("a", "same", "b", "same", "c");
  const theirs = text("a2", "same", "b2", "same", "c2");
  const merging = mergeContents(was, text("A", "same", "B", "same", "C"), theirs);
  const choices = new Map([[merging.open[1] ?? "", "theirs" as const]]);
  expect(merging.build(choices)).toMatchObject(text("A", "same", "b2", "same", "C"));

  const withoutFirst = mergeContents(was, text("a", "same", "B", "same", "C"), theirs);
  expect(withoutFirst.open.map((id) => choices.has(id))).toEqual([true, false]);
  expect(withoutFirst.build(choices)).toMatchObject(text("a2", "same", "b2", "same", "C"));
  const changed = mergeContents(was, text("A", "same", "BB", "same", "C"), theirs);
  expect(changed.open.some((id) => choices.has(id))).toBe(false);
});

it("of places that say the same none is taken for another when one of them is changed", () => {
  const both = (one: string, other: string): Content => ({ ...base, text: `${one}\n\nsame\n\n${other}\n` });
  const merging = mergeContents(both("x", "x"), both("M", "M"), both("T", "T"));
  expect(new Set(merging.open).size).toBe(2);
  const choices = new Map([[merging.open[0] ?? "", "theirs" as const]]);
  const changed = mergeContents(both("x", "x"), both("changed", "M"), both("T", "T"));
  expect(changed.open.some((id) => choices.has(id))).toBe(false);
});

it("a choice between two settings goes when one of them is changed", () => {
  const set = (t: number): Content => ({ ...base, config: { t, m: "a" } });
  const choices = new Map([[mergeContents(base, set(1), set(2)).open[0] ?? "", "theirs" as const]]);
  expect(mergeContents(base, set(3), set(2)).build(choices)).toMatchObject({ config: { t: 3 } });
});

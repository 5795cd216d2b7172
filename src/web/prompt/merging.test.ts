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
  expect(merging.open).toEqual(["text 0", "config t"]);
  expect(merging.values).toEqual([{ id: "config t", title: "Setting t", mine: "1", theirs: "2" }]);
  const build = (text: "mine" | "theirs" | "both", t: "mine" | "theirs") =>
    merging.build(
      new Map([
        ["text 0", text],
        ["config t", t],
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
  expect(other.open).toEqual(["messages 0"]);
  expect(other.build(new Map([["messages 0", "theirs"]])).messages).toEqual(chat("a", "theirs").messages);
});

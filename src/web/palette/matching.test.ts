import { expect, it } from "vitest";
import { EVERYTHING } from "../address.ts";
import { type Entry, matching } from "./matching.ts";

const to: Entry["to"] = { project: null, page: { at: "library", filter: EVERYTHING } };
const entries: Entry[] = [
  { key: "a", title: "New prompt", kind: "do", words: "write", to },
  { key: "b", title: "Last changed prompts", kind: "page", to },
  { key: "c", title: "mail-team", kind: "project", to },
];
const found = (typed: string) =>
  matching(entries, typed)
    .map(({ key }) => key)
    .join("");

it("is found by the beginnings of words, in any order, of what it is called, is, or means", () => {
  expect(found("")).toBe("abc");
  expect(found("PROM")).toBe("ab");
  expect(found("prompt last")).toBe("b");
  expect(found("wri")).toBe("a");
  expect(found("team")).toBe("c");
  expect(found("rompt")).toBe("");
});

import { describe, expect, it } from "vitest";
import { parseSearch } from "./search-query.ts";

const said = (search: string) => {
  const { wanted, unwanted } = parseSearch(search);
  const shown = ({ words, open }: (typeof wanted)[number]) => `${words.join("+")}${open ? "*" : ""}`;
  return [...wanted.map(shown), ...unwanted.map((term) => `-${shown(term)}`)].join(" ");
};

describe("what somebody looks for", () => {
  it.each([
    ["refund Policy", "refund* policy*"],
    ['"step by step" -french', "step+by+step -french*"],
    ["step-by-step", "step+by+step*"],
    ['-"two words" one', "one* -two+words"],
    ["ai a", "ai a"],
    ["в новый", "в новыи*"],
    ["日本語", "日本+本語*"],
    ["語", "語*"],
    ['"an open quote', "an+open+quote"],
    ["a ??? b", "a b"],
  ])("%j is read as %j", (search, expected) => {
    expect(said(search)).toBe(expected);
  });

  it.each(["???", "-only", '""', "{{}}"])("%j has nothing to look for, and is refused with a sentence", (search) => {
    expect(() => parseSearch(search)).toThrow(/\.$/);
  });

  it("with more words than anybody types is refused", () => {
    expect(() => parseSearch("word ".repeat(33))).toThrow("more than 32 words");
  });
});

import { expect, it } from "vitest";
import { type Content, type Draft, draftKey, isSame, readDraft, saveOf, writeDraft } from "./draft.ts";

const content: Content = { text: "Hello {{name}}", variables: {}, config: { temperature: 0 }, template: "mustache" };
const draft: Draft = { base: 4, content, message: " shorter ", name: "" };

function shelf(full = false) {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem(key: string, value: string) {
      if (full) throw new Error("QuotaExceededError");
      held.set(key, value);
    },
    removeItem: (key: string) => void held.delete(key),
  };
}

it("a draft is found again by the same person, project and prompt alone", () => {
  const browser = shelf();
  expect(writeDraft(browser, draftKey("ada", "default", "mail/welcome"), draft)).toBe(true);
  expect(readDraft(browser, draftKey("ada", "default", "mail/welcome"))).toEqual(draft);
  for (const other of [
    draftKey("bob", "default", "mail/welcome"),
    draftKey("ada", "mail", "welcome"),
    draftKey("ada", "default", null),
  ]) {
    expect(readDraft(browser, other)).toBeNull();
  }
});

it("a browser that keeps nothing says so, and one that kept something else is not believed", () => {
  expect(writeDraft(shelf(true), "a", draft)).toBe(false);
  const browser = shelf();
  for (const odd of ["", "{", "null", "[]", '{"base":1}', JSON.stringify({ ...draft, content: { text: 3 } })]) {
    browser.setItem("a", odd);
    expect(readDraft(browser, "a"), odd).toBeNull();
  }
});

it("is saved on top of the version that it was begun on, with the reason trimmed", () => {
  expect(saveOf(draft, "mail/welcome")).toEqual({
    name: "mail/welcome",
    ...content,
    message: "shorter",
    baseVersion: 4,
  });
  expect(saveOf({ ...draft, base: null, message: " " }, "a")).toEqual({ name: "a", ...content, baseVersion: 0 });
});

it("is the same whatever the order of its configuration", () => {
  const one = { ...content, config: { a: 1, b: 2 } };
  expect(isSame(one, { ...content, config: { b: 2, a: 1 } })).toBe(true);
  expect(isSame(one, { ...one, text: "Hello {{name}} " })).toBe(false);
});

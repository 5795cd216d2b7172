import { expect, it } from "vitest";
import type { Draft } from "./draft.ts";
import {
  type DraftPlace,
  draftsAt,
  draftsOf,
  dropDraft,
  keepDraft,
  moveDrafts,
  placeOfKey,
  readDraft,
} from "./draft-shelf.ts";

const draft: Draft = {
  base: 4,
  content: { text: "Hello {{name}}", variables: {}, config: {}, template: "mustache" },
  message: "",
  name: "",
};
const place: DraftPlace = { user: "ada", project: "default", name: "mail/welcome" };
const saying = (text: string): Draft => ({ ...draft, content: { ...draft.content, text } });

function shelf(full = false) {
  const held = new Map<string, string>();
  const browser = {
    full,
    get length() {
      return held.size;
    },
    key: (index: number) => [...held.keys()][index] ?? null,
    getItem: (key: string) => held.get(key) ?? null,
    setItem(key: string, value: string) {
      if (browser.full) throw new Error("QuotaExceededError");
      held.set(key, value);
    },
    removeItem: (key: string) => void held.delete(key),
  };
  return browser;
}

it("a draft is found again by the same person, project and prompt alone", () => {
  const browser = shelf();
  const { kept, isKept } = keepDraft(browser, place, null, draft);
  expect(isKept).toBe(true);
  expect(draftsAt(browser, place)).toEqual([kept]);
  expect(draftsOf(browser, "ada", "default")).toEqual([{ ...kept, name: "mail/welcome" }]);
  for (const other of [
    { ...place, user: "bob" },
    { ...place, project: "mail", name: "welcome" },
    { ...place, name: null },
  ]) {
    expect(draftsAt(browser, other)).toEqual([]);
  }
});

it("a browser that keeps nothing says so, and one that kept something else is not believed", () => {
  expect(keepDraft(shelf(true), place, null, draft).isKept).toBe(false);
  const browser = shelf();
  const { kept } = keepDraft(browser, place, null, draft);
  const key = browser.key(0) ?? "";
  for (const odd of ["", "{", "null", "[]", '{"stamp":1}', JSON.stringify({ ...kept, draft: { base: 1 } })]) {
    browser.setItem(key, odd);
    expect(readDraft(browser, place, kept.id), odd).toBeNull();
  }
  expect(placeOfKey("promptlib.theme")).toBeNull();
});

it("a browser that became full meanwhile keeps nothing old of a draft that is thrown away or saved", () => {
  const browser = shelf();
  const { kept: begun } = keepDraft(browser, place, null, draft);
  browser.full = true;
  const { kept: unkept, isKept } = keepDraft(browser, place, begun, saying("too long"));
  expect([isKept, unkept.draft]).toEqual([false, saying("too long")]);
  browser.full = false;
  const { kept: again } = keepDraft(browser, place, unkept, saying("shorter"));
  expect(draftsAt(browser, place)).toEqual([again]);
  browser.full = true;
  dropDraft(browser, place, keepDraft(browser, place, again, saying("too long")).kept);
  expect(draftsAt(browser, place)).toEqual([]);
});

it("two tabs that write on one draft have one each from then on, and neither throws away what the other wrote", () => {
  const browser = shelf();
  const { kept: begun } = keepDraft(browser, place, null, draft);
  const { kept: first } = keepDraft(browser, place, begun, saying("of the first tab"));
  const { kept: second } = keepDraft(browser, place, begun, saying("of the second tab"));
  expect(first.id).toBe(begun.id);
  expect(second.id).not.toBe(begun.id);
  dropDraft(browser, place, begun);
  expect(
    draftsAt(browser, place)
      .map((each) => each.draft.content.text)
      .sort(),
  ).toEqual(["of the first tab", "of the second tab"]);
  dropDraft(browser, place, first);
  expect(draftsAt(browser, place)).toEqual([second]);
});

it("drafts go along when the prompt gets another name", () => {
  const browser = shelf();
  const { kept } = keepDraft(browser, place, null, draft);
  const { kept: there } = keepDraft(browser, { ...place, name: "mail/hello" }, null, saying("there"));
  moveDrafts(browser, place, "mail/hello");
  expect(draftsAt(browser, place)).toEqual([]);
  expect(
    draftsAt(browser, { ...place, name: "mail/hello" })
      .map(({ id }) => id)
      .sort(),
  ).toEqual([kept.id, there.id].sort());
});

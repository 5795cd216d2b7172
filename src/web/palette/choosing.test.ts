import { expect, it } from "vitest";
import { EVERYTHING } from "../address.ts";
import { chosenOf, entered, type Offer, steppedTo } from "./choosing.ts";
import type { Entry } from "./matching.ts";

const entry = (key: string): Entry => ({
  key,
  title: key,
  kind: "page",
  to: { project: null, page: { at: "library", filter: EVERYTHING } },
});
const [trash, old, older] = [entry("trash"), entry("old"), entry("older")];
const offer = (part: Partial<Offer>): Offer => ({ places: [], prompts: [], isLooking: false, pointed: null, ...part });

it("the keys go from entry to entry, and nowhere while there is none", () => {
  expect(steppedTo("ArrowDown", 0, 3)).toBe(1);
  expect(steppedTo("ArrowDown", 2, 3)).toBe(0);
  expect(steppedTo("ArrowUp", 0, 3)).toBe(2);
  expect(steppedTo("PageDown", 1, 3)).toBe(2);
  expect(steppedTo("PageUp", 1, 3)).toBe(0);
  expect(steppedTo("Enter", 1, 3)).toBeNull();
  for (const key of ["ArrowDown", "ArrowUp", "PageDown"]) expect(steppedTo(key, -1, 0)).toBeNull();
});

it("what was pointed at stays chosen wherever it comes to stand; else it is the first", () => {
  expect(chosenOf(offer({ places: [trash], prompts: [old], pointed: "old" }))).toBe(1);
  expect(chosenOf(offer({ prompts: [old, older], pointed: "gone" }))).toBe(0);
  expect(chosenOf(offer({}))).toBe(-1);
});

it("Enter waits for what is typed now, and takes nothing that was found for the letters before", () => {
  expect(entered(offer({ prompts: [old] }))).toBe(old);
  expect(entered(offer({ prompts: [old], isLooking: true }))).toBe("later");
  expect(entered(offer({ isLooking: true }))).toBe("later");
  expect(entered(offer({}))).toBeUndefined();
  // What matches by itself, or was pointed at, is meant.
  expect(entered(offer({ places: [trash], prompts: [old], isLooking: true }))).toBe(trash);
  expect(entered(offer({ prompts: [old, older], pointed: "older", isLooking: true }))).toBe(older);
});

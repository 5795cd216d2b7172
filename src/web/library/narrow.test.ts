import { expect, it } from "vitest";
import { narrow } from "./narrow.ts";

const prompts = [
  { name: "mail/Welcome", description: "The first mail", tags: ["onboarding"] },
  { name: "mail/goodbye", description: "", tags: ["für alle"] },
  { name: "要約", description: "Summary", tags: [] },
];
const found = (typed: string) => narrow(prompts, typed).map(({ name }) => name);

it("every word counts, wherever it is, in whatever case", () => {
  expect(found("WELCOME onboard")).toEqual(["mail/Welcome"]);
  expect(found("mail")).toEqual(["mail/Welcome", "mail/goodbye"]);
  expect(found("mail  summary")).toEqual([]);
});

it("finds what is not ASCII, also when it is typed with separate accents", () => {
  expect(found("fu\u0308r")).toEqual(["mail/goodbye"]);
  expect(found("要")).toEqual(["要約"]);
});

it("nothing typed narrows nothing", () => {
  expect(narrow(prompts, "  ")).toBe(prompts);
});

import { expect, it } from "vitest";
import type { Content } from "./draft.ts";
import { isDraft, saveOf } from "./draft.ts";
import { halfTypedDefault, halfTypedFault, withConfigTyped, withDefaultTyped } from "./half-typed.ts";

const content: Content = {
  text: "{{n}}",
  variables: { n: { type: "number" } },
  config: { temperature: 0 },
  template: "mustache",
};

it("a configuration that is no JSON yet is kept and keeps from saving, until it is one", () => {
  const halfTyped = withConfigTyped(undefined, "{ t");
  expect(halfTypedFault({ content, halfTyped })).toBe("The configuration is no JSON object yet.");
  expect(halfTypedFault({ content, halfTyped: withConfigTyped(halfTyped, null) })).toBe(null);
  const draft = { base: 1, content, message: "", name: "", halfTyped };
  expect(isDraft(JSON.parse(JSON.stringify(draft)))).toBe(true);
  expect(saveOf(draft, "a")).not.toHaveProperty("halfTyped");
});

it("so does a default that is no value of its type, as long as there is such a variable", () => {
  const halfTyped = withDefaultTyped(withDefaultTyped(undefined, "n", "4x"), "gone", "{");
  expect(halfTypedDefault(halfTyped, "n")).toBe("4x");
  expect(halfTypedFault({ content, halfTyped })).toContain("The default of “n” must be a number");
  expect(halfTypedFault({ content: { ...content, text: "", variables: {} }, halfTyped })).toBe(null);
  expect(halfTypedFault({ content, halfTyped: withDefaultTyped(halfTyped, "n", null) })).toBe(null);
});

it("a draft in which it is something else is none", () => {
  const draft = { base: 1, content, message: "", name: "" };
  expect(isDraft({ ...draft, halfTyped: { config: 1 } })).toBe(false);
  expect(isDraft({ ...draft, halfTyped: { defaults: { n: 1 } } })).toBe(false);
});

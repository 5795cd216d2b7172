import { expect, it } from "vitest";
import { defaultOf, shownDefault, withVariable } from "./variables.ts";

const variables = { name: { description: "Whom" }, place: { default: "Berlin" } };

it("what is said of a variable keeps its place among the others, and what is new comes last", () => {
  expect(Object.entries(withVariable(variables, "name", { type: "string", required: true, description: "" }))).toEqual([
    ["name", { type: "string", required: true }],
    ["place", { default: "Berlin" }],
  ]);
  expect(Object.keys(withVariable(variables, "count", { type: "number" }))).toEqual(["name", "place", "count"]);
});

it("of whom nothing is said any more is not described", () => {
  expect(withVariable(variables, "name", { description: "", required: false })).toEqual({
    place: { default: "Berlin" },
  });
  expect(withVariable(variables, "other", {})).toEqual(variables);
});

it.each([
  [undefined, "a", { value: "a" }],
  ["string", "", { value: undefined }],
  ["number", "2.5", { value: 2.5 }],
  ["number", "two", { fault: expect.stringContaining("number") }],
  ["boolean", "true", { value: true }],
  ["json", '{"a": 1}', { value: { a: 1 } }],
  ["json", "{", { fault: "is not JSON yet" }],
] as const)("a default of type %s typed as “%s”", (type, typed, result) => {
  expect(defaultOf(type, typed)).toEqual(result);
});

it("a default is typed as it is shown", () => {
  expect(shownDefault({ a: [1] })).toBe('{"a":[1]}');
  expect(shownDefault("a b")).toBe("a b");
  expect(shownDefault(undefined)).toBe("");
});

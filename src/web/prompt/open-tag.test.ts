import { expect, it } from "vitest";
import { completionOf, openTagAt, suggestionsFor, variablesNamed } from "./open-tag.ts";

it.each([
  ["Hello {{na", { kind: "variable", begun: "na", start: 8 }],
  ["Hello {{", { kind: "variable", begun: "", start: 8 }],
  ["{{# li", { kind: "variable", begun: "li", start: 4 }],
  ["{{{ra", { kind: "variable", begun: "ra", start: 3 }],
  ["{{> mail/to", { kind: "include", begun: "mail/to", start: 4 }],
  ["{{> two words", { kind: "include", begun: "two words", start: 4 }],
  ["{{name}} and", null],
  ["{{name and", null],
  ["{{! a comment", null],
  ["no tag", null],
])("of %j", (text, open) => {
  expect(openTagAt(text, text.length)).toEqual(open && { ...open, isClosed: false });
});

it("suggests what begins so before what has it, and never what is there", () => {
  expect(suggestionsFor("na", ["name", "na", "surname", "Nation", "x", "name"])).toEqual(["name", "Nation", "surname"]);
});

it("closes the tag unless it is closed", () => {
  const completed = (text: string) => {
    const open = openTagAt(text, 4);
    return open && completionOf(open, "name");
  };
  expect(completed("{{na and more")).toEqual({ replace: 2, text: "name}}" });
  expect(completed("{{na }} more")).toEqual({ replace: 2, text: "name" });
});

it("knows the variables of a text of which a tag is only begun", () => {
  expect(variablesNamed("{{a}} {{#b}}{{.}}{{/b}} {{> other}} {{! x }} {{c")).toEqual(["a", "b", "b"]);
});

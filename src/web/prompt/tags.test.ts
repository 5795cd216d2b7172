import { expect, it } from "vitest";
import { tagsOf } from "./tags.ts";

it.each([
  ["mail,  für alle , mail,,", ["mail", "für alle"]],
  [" , ", []],
])("“%s” are %j", (typed, tags) => {
  expect(tagsOf(typed)).toEqual(tags);
});

import { expect, it } from "vitest";
import { retagging, tagsOf, withTags } from "./tags.ts";

it.each([
  ["mail,  für alle , mail,,", ["mail", "für alle"]],
  [" , ", []],
])("“%s” are %j", (typed, tags) => {
  expect(tagsOf(typed)).toEqual(tags);
});

it("what others added and took away since the tags were opened stays so", () => {
  expect(withTags(["b", "theirs"], retagging(["a", "b"], ["a", "b", "mine"]))).toEqual(["b", "theirs", "mine"]);
  expect(withTags(["a", "b", "theirs"], retagging(["a", "b"], ["b"]))).toEqual(["b", "theirs"]);
});

import { expect, it } from "vitest";
import { exportsToRemove } from "./nightly-keep.ts";

it.each([
  [[9, 1, 1], []],
  [[9, 1, 1, 1], []],
  [[9, 30, 1, 1, 1], ["0"]],
  [
    [30, 9, 2, 1, 1, 1],
    ["0", "2"],
  ],
  [[9, 5, 5, 5], ["0"]],
  [[0, 0, 0, 0], ["0"]],
  [[], []],
])("of %j, oldest first, with three to keep, %j go", (sizes, going) => {
  const all = sizes.map((bytes, at) => ({ name: String(at), files: { "default.ndjson.gz": bytes } }));
  expect(exportsToRemove(all, 3)).toEqual(going);
});

it("of each project keeps the newest export from before it was emptied", () => {
  const held = [
    [9, 9],
    [9, 9],
    [1, 9],
    [1, 1],
    [1, 1],
    [1, 1],
  ];
  const all = held.map(([a = 0, b = 0], at) => ({ name: String(at), files: { a, b } }));
  expect(exportsToRemove(all, 3)).toEqual(["0"]);
});

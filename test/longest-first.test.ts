import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { LONG } from "./support/longest-first.ts";

it("the tests that are known to be long are there", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  expect(LONG.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
});

import { expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

it("says where JSON is wrong", () => {
  expect(jsonFault('{"a": 1}')).toBeNull();
  expect(jsonFault('{\n  "a": 1,\n  b\n}')).toMatch(/^line 3, column 3: /);
  expect(jsonFault('{\n  "a": 1')).toMatch(/^line 2, column 9: /);
  expect(jsonFault('{\n  "a": 1')).not.toContain("position");
});

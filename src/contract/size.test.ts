import { expect, it } from "vitest";
import { size } from "./size.ts";

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1023 bytes"],
  [1024, "1.0 KiB"],
  [1_048_575, "1.0 MiB"],
  [1_572_864, "1.5 MiB"],
  [5 * 1024 ** 4, "5.0 TiB"],
  [5000 * 1024 ** 4, "5000.0 TiB"],
])("%i bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

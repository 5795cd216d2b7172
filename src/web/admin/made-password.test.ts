import { expect, it } from "vitest";
import { makePassword } from "./made-password.ts";

it("a made-up password is long, readable, and another one each time", () => {
  const made = Array.from({ length: 200 }, makePassword);
  for (const password of made) expect(password).toMatch(/^([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
  expect(new Set(made).size).toBe(made.length);
  // All 32 letters occur: none is favoured by the way in which bytes become letters.
  expect(new Set(made.join("").replaceAll("-", "")).size).toBe(32);
});

import { expect, it } from "vitest";
import { HeldAnswers } from "./held-answers.ts";

it("answers that are held share one room, and give it back once they are sent", () => {
  const answers = new HeldAnswers(10);
  const [one, other] = [answers.begin(), answers.begin()];
  one.add("abc");
  one.add("def");
  expect(answers.hasRoom).toBe(true);
  other.add("ghij");
  expect(answers.hasRoom).toBe(false);
  expect([one.take(), one.take()]).toEqual(["abcdef", ""]);
  expect(answers.hasRoom).toBe(true);
  expect(other.take()).toBe("ghij");
});

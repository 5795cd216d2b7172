import { describe, expect, it } from "vitest";
import { counted, localTime } from "./output.ts";

describe("words and numbers for people", () => {
  it("count with separators, one as one", () => {
    expect(counted(1, "prompt")).toBe("1 prompt");
    expect(counted(1528, "prompt")).toBe("1,528 prompts");
  });

  it("tell the time of here, in a form that sorts", () => {
    const here = new Date(2026, 10, 3, 9, 5);
    expect(localTime(here.toISOString())).toBe("2026-11-03 09:05");
    expect(localTime(null)).toBe("");
  });
});

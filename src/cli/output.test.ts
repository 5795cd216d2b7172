import { describe, expect, it } from "vitest";
import { counted, localTime, size } from "./output.ts";

describe("words and numbers for people", () => {
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
    expect(size(bytes).replaceAll(",", "")).toBe(text);
  });

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

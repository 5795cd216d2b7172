import { describe, expect, it } from "vitest";
import { startPosition } from "./import-position.ts";

const lines = (count: number) => Buffer.from("123456789\n".repeat(count));

describe("how far an import is", () => {
  it("is nothing while everything was sent and nothing answered", () => {
    const position = startPosition();
    position.sent("a.csv", lines(10));
    expect(position.bytes).toBe(0);
  });

  it("follows the lines that were answered, through pieces and files", () => {
    const position = startPosition();
    position.sent("a.csv", lines(10));
    position.sent("a.csv", lines(10));
    position.sent("b.csv", lines(10));
    position.answered("a.csv", 6);
    expect(position.bytes).toBe(50);
    position.answered("a.csv", 16);
    expect(position.bytes).toBe(150);
    position.answered("b.csv", 6);
    expect(position.bytes).toBe(250);
  });

  it("counts lines on when a piece ends in the middle of one", () => {
    const position = startPosition();
    position.sent("a.csv", Buffer.from("1234\n12"));
    position.sent("a.csv", Buffer.from("34\n1234\n"));
    position.answered("a.csv", 3);
    expect(position.bytes).toBe(11);
  });

  it("never goes back, and minds no line that it does not know", () => {
    const position = startPosition();
    position.sent("a.csv", lines(10));
    position.answered("a.csv", 6);
    position.answered("a.csv", 2);
    position.answered("a.csv", 99);
    position.answered("other.csv", 1);
    expect(position.bytes).toBe(50);
  });

  it("waits at the start of a piece that has no line end", () => {
    const position = startPosition();
    position.sent("a.csv", lines(1));
    position.sent("a.csv", Buffer.from("x".repeat(100)));
    position.answered("a.csv", 2);
    expect(position.bytes).toBe(10);
  });
});

import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { linesOf } from "./request-lines.ts";

async function linesIn(...pieces: (string | Buffer)[]): Promise<{ number: number; text: string }[]> {
  const lines: { number: number; text: string }[] = [];
  for await (const line of linesOf(Readable.from(pieces.map((piece) => Buffer.from(piece))))) lines.push(line);
  return lines;
}

it("puts lines together however they were cut, and counts the empty ones that it passes over", async () => {
  const [before, after] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
  expect(await linesIn("a", "b\n\n", " \nc", before, after, "d\ne\nf", "g")).toEqual([
    { number: 1, text: "ab" },
    { number: 4, text: "céd" },
    { number: 5, text: "e" },
    { number: 6, text: "fg" },
  ]);
});

it("refuses a line over 8 MiB before it is whole, and bytes that are no UTF-8", async () => {
  await expect(linesIn("a\n", ...Array(9).fill("x".repeat(1024 * 1024)))).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("Line 2 is longer than 8 MiB"),
  });
  await expect(linesIn(Buffer.from([0xff]))).rejects.toMatchObject({ code: "invalid_request" });
  await expect(linesIn(Buffer.from("é").subarray(0, 1))).rejects.toMatchObject({ code: "invalid_request" });
});

// Copied at each piece these are 140 GiB.
it("copies a long line once, though it comes in very small pieces", { timeout: 15_000 }, async () => {
  const [long, small] = ["x".repeat(7 * 1024 * 1024), "y".repeat(20_000)];
  const lines = await linesIn(long, ...small, "\n");
  expect(lines.map(({ number, text }) => [number, text.length])).toEqual([[1, long.length + small.length]]);
});

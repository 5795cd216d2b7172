import { describe, expect, it } from "vitest";
import { collectPages } from "./collect-pages.ts";

describe("pages put together", () => {
  const numbers = Array.from({ length: 450 }, (_, index) => index);
  const asked: number[] = [];
  const read = async ({ limit, cursor = "0" }: { limit: number; cursor?: string }) => {
    asked.push(limit);
    const end = Number(cursor) + limit;
    const nextCursor = end < numbers.length ? String(end) : null;
    return { items: numbers.slice(Number(cursor), end), nextCursor, total: numbers.length, totalIsExact: true };
  };

  it("are as many items as were wanted, or all there are", async () => {
    expect((await collectPages(read, 230)).items).toEqual(numbers.slice(0, 230));
    expect(asked).toEqual([200, 30]);
    expect((await collectPages(read, 230)).nextCursor).toBe("230");
    expect(await collectPages(read)).toMatchObject({ items: numbers, nextCursor: null });
  });
});

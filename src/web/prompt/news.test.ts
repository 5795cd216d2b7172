import { describe, expect, it } from "vitest";
import type { LabelPosition, VersionSummary } from "../../sdk/index.ts";
import { movedSince, removedSince, savedSince } from "./news.ts";

const ME = "user:ada";
const saved = (version: number, author: string, message = "") => ({ version, author, message }) as VersionSummary;
const on = (label: string, version: number, movedBy: string) => ({ label, version, movedBy }) as LabelPosition;

describe("what others did meanwhile", () => {
  it("is said with who saved, and why; one’s own is no news", () => {
    const before = [saved(1, ME)];
    expect(savedSince(before, [saved(2, "user:eva", "Shorter"), ...before], ME)).toEqual([
      "eva saved version 2: Shorter.",
    ]);
    expect(savedSince(before, [saved(2, ME), ...before], ME)).toEqual([]);
    expect(savedSince(before, [saved(2, ME), ...before], null)).toEqual(["ada saved version 2."]);
    expect(savedSince(before, [saved(3, "key:plk_1"), saved(2, "user:eva"), ...before], ME)).toEqual([
      "2 versions were saved, the last, 3, by API key plk_1.",
    ]);
    expect(savedSince(before, before, ME)).toEqual([]);
  });

  it("is said with where a label was before; that latest moves goes without saying", () => {
    const before = [on("latest", 1, "user:eva"), on("production", 1, ME), on("staging", 1, ME)];
    const after = [on("latest", 2, "user:eva"), on("production", 2, "user:eva"), on("beta", 2, "user:eva")];
    expect(movedSince(before, after, ME)).toEqual([
      "eva put production on version 2; it was on version 1.",
      "eva put beta on version 2.",
    ]);
    expect(movedSince(before, [on("production", 2, ME)], ME)).toEqual([]);
    expect(removedSince(before, after)).toEqual(["staging"]);
  });
});

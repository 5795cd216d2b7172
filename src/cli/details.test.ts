import { describe, expect, it } from "vitest";
import { detailLines } from "./details.ts";

describe("the details of an error on a terminal", () => {
  it("name each place where a template does not parse", () => {
    const faults = [
      { index: null, line: 1, column: 5, message: "Unclosed tag" },
      { index: 2, line: 3, column: 1, message: "Unclosed section" },
    ];
    expect(detailLines({ faults })).toEqual([
      "line 1, column 5: Unclosed tag",
      "message 3, line 3, column 1: Unclosed section",
    ]);
  });

  it("name the included text that a fault is in, and one that is nowhere in a text alone", () => {
    const faults = [
      { variable: "a", include: "parts/sign", index: null, line: 2, column: 1, message: "“a” is required" },
      { variable: "b", include: null, index: 1, line: null, column: null, message: "“b” is no list" },
      { variable: "c", include: null, index: null, line: null, column: null, message: "“c” is required" },
    ];
    expect(detailLines({ faults })).toEqual([
      "in “parts/sign”, line 2, column 1: “a” is required",
      "message 2: “b” is no list",
      "“c” is required",
    ]);
  });

  it("tell which versions someone saved meanwhile", () => {
    const createdAt = new Date(2026, 10, 23, 9, 5).toISOString();
    const between = [
      { version: 3, author: "user:eva", createdAt, message: "shorter\u001b[2J" },
      { version: 4, author: "key:k", createdAt, message: "" },
    ];
    expect(detailLines({ newest: {}, between })).toEqual([
      "version 3 by user:eva, 2026-11-23 09:05: shorter",
      "version 4 by key:k, 2026-11-23 09:05",
    ]);
  });

  it("show the last words of a program that did not start", () => {
    expect(detailLines({ lastLines: ["FATAL: no", "LOG: bye"] })).toEqual(["FATAL: no", "LOG: bye"]);
  });

  it("say nothing again that the sentence says, and nothing of what they do not know", () => {
    expect(detailLines({ faults: [{ setting: "PORT", fault: "must be a port" }] })).toEqual([]);
    expect(detailLines({ requestId: "x" })).toEqual([]);
    expect(detailLines(undefined)).toEqual([]);
  });
});

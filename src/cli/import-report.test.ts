import { describe, expect, it } from "vitest";
import type { ImportSummary } from "../sdk/index.ts";
import {
  incompleteText,
  interruptedText,
  isRow,
  isWorthTelling,
  progressText,
  rejectedText,
  summaryText,
} from "./import-report.ts";

const none: ImportSummary = {
  dryRun: false,
  created: 0,
  updated: 0,
  unchanged: 0,
  twin: 0,
  rejected: 0,
  missing: 0,
  pruned: 0,
};

describe("the summary of an import", () => {
  it("of new prompts alone is one short sentence", () => {
    expect(summaryText({ ...none, created: 1528 })).toBe("1,528 prompts: 1,528 new");
  });

  it("names what happened and nothing that did not", () => {
    const summary = { ...none, created: 2, updated: 1, unchanged: 1280, twin: 1, rejected: 3 };
    expect(summaryText(summary)).toBe(
      "1,287 prompts: 2 new, 1 new version, 1,280 unchanged, 1 identical twin taken once, 3 rejected",
    );
  });

  it("says what the files no longer have, and how to be rid of it", () => {
    expect(summaryText({ ...none, unchanged: 5, missing: 1 })).toBe(
      "5 prompts: 5 unchanged\n1 prompt of earlier imports not in these files. Another list? Name it with --source. No longer wanted? --prune moves them to the trash",
    );
    expect(summaryText({ ...none, unchanged: 5, pruned: 2 })).toContain("2 prompts no longer in the files moved to");
  });

  it("of a dry run says so first", () => {
    expect(summaryText({ ...none, dryRun: true, created: 3 })).toMatch(/^Dry run, nothing was changed\./);
  });

  it("of a file with nothing in it says that", () => {
    expect(summaryText(none)).toBe("Nothing to import was found.");
  });
});

describe("what went wrong in an import", () => {
  it("is told with file, line and reason", () => {
    expect(rejectedText({ path: "a.csv", line: 12, reason: "no title" })).toBe("a.csv:12: no title");
    expect(rejectedText({ path: "-", line: 1, reason: "no title" })).toBe("stdin:1: no title");
    expect(rejectedText({ path: "a.csv", line: null, reason: "no header" })).toBe("a.csv: no header");
  });

  it("cannot steer the terminal, whatever a row holds", () => {
    expect(rejectedText({ path: "a.csv", line: 1, reason: "bad title \u001b[2Jx\ny" })).toBe("a.csv:1: bad title x y");
  });

  it("is counted", () => {
    expect(incompleteText({ ...none, unchanged: 1, rejected: 1 })).toBe(
      "1 prompt was not imported; everything else was.",
    );
    expect(incompleteText({ ...none, rejected: 2 })).toBe("2 prompts were not imported.");
    expect(incompleteText({ ...none, rejected: 1200, dryRun: true })).toBe(
      "1,200 prompts were found that cannot be imported.",
    );
  });

  it("is listed in JSON, with what was changed on the way and nothing that simply arrived", () => {
    expect(isWorthTelling({ result: "created", notes: [] })).toBe(false);
    expect(isWorthTelling({ result: "unchanged", notes: [] })).toBe(false);
    expect(isWorthTelling({ result: "created", notes: ["renamed"] })).toBe(true);
    expect(isWorthTelling({ result: "twin", notes: [] })).toBe(true);
  });
});

describe("what the files no longer have", () => {
  it("is no row of theirs, so it does not count as progress", () => {
    expect(isRow({ result: "missing" })).toBe(false);
    expect(isRow({ result: "rejected" })).toBe(true);
  });
});

describe("an interrupted import", () => {
  it("says what stays", () => {
    expect(interruptedText({ items: 340, changed: 300 }, false)).toBe(
      "Interrupted after 340 prompts: 300 were saved and stay.",
    );
    expect(interruptedText({ items: 3, changed: 0 }, false)).toBe("Interrupted after 3 prompts: none of them was new.");
    expect(interruptedText({ items: 0, changed: 0 }, false)).toBe("Interrupted before anything was answered.");
    expect(interruptedText({ items: 3, changed: 3 }, true)).toContain("nothing was changed");
  });
});

describe("the progress of an import", () => {
  it("is told in a line where there is no terminal", () => {
    expect(progressText(340, "1.2 MiB", "4.5 MiB")).toBe("importing: 340 prompts, 1.2 MiB of 4.5 MiB");
    expect(progressText(1, "1.2 MiB", null)).toBe("importing: 1 prompt, 1.2 MiB");
  });
});

import { expect, it } from "vitest";
import type { ImportItem } from "../../sdk/index.ts";
import { reportCsv } from "./report.ts";

const item: ImportItem = {
  path: "a.csv",
  line: 3,
  name: null,
  result: "rejected",
  version: null,
  reason: "The text is empty.",
  notes: [],
};

it("the report is a table that a spreadsheet reads, and in which nothing is a formula", () => {
  const odd = {
    ...item,
    name: '=HYPERLINK("x")',
    reason: 'a "quoted"\nreason, long',
    notes: ["one", "two"],
    line: null,
  };
  expect(reportCsv([item, odd])).toBe(
    [
      "\ufeffpath,line,name,result,version,reason,notes",
      "a.csv,3,,rejected,,The text is empty.,",
      `a.csv,,"'=HYPERLINK(""x"")",rejected,,"a ""quoted""\nreason, long",one; two`,
      "",
    ].join("\r\n"),
  );
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written so in the files read here
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvRow, readPromptCsv } from "./csv.ts";
import { HEADER, itemsOf, read, rejectedOf, row } from "./testing/csv-file.ts";

describe("wrong quoting", () => {
  const names = (rows: CsvRow[]) => itemsOf(rows).map(({ name }) => name);
  const good = row("Good", 'one\nsaid ""two"", three\n');

  it("in the middle costs its own row, not those behind it", async () => {
    const rows = await read(`${HEADER}Bad,"never closed,TRUE,TEXT\n${good}${row("More", "m")}`);
    expect(rejectedOf(rows)).toMatchObject([{ line: 2 }]);
    expect(names(rows)).toEqual(["Good", "More"]);
  });

  it("that leaves plain rows in one field costs none of them", async () => {
    const rows = await read(`${HEADER}Bad,"open,TRUE,TEXT\n${"Plain,p,TRUE,TEXT\n".repeat(3)}`);
    expect(rejectedOf(rows)).toEqual([{ line: 2, reason: "a quote is opened and never closed", name: null }]);
    expect(names(rows)).toEqual(["Plain"]);
    expect(rows.filter((each) => "twin" in each)).toHaveLength(2);
  });

  it("at the end of the file is reported there", async () => {
    for (const end of ["", "\n", "\r\n", '"']) {
      const rows = await read(`${HEADER}${good}Bad,x"y${end}`);
      expect(rejectedOf(rows)).toMatchObject([{ line: 5 }]);
      expect(names(rows)).toEqual(["Good"]);
    }
  });

  it("inside a body of several lines is one report that says up to where", async () => {
    const rows = await read(`${HEADER}Bad,"he said "hi"\nand, then\n\nleft",TRUE,TEXT\n${good}`);
    expect(rejectedOf(rows)).toEqual([
      {
        line: 2,
        reason:
          "a quote inside a field is not doubled, or a field goes on behind its closing quote; no row could be read up to line 5",
        name: null,
      },
    ]);
    expect(names(rows)).toEqual(["Good"]);
  });

  it("in two rows that follow each other is reported for each", async () => {
    const rows = await read(`${HEADER}Bad,"a,TRUE,TEXT\nWorse,"b,TRUE,TEXT\n${good}`);
    expect(rejectedOf(rows)).toMatchObject([{ line: 2 }, { line: 3 }]);
    expect(names(rows)).toEqual(["Good"]);
  });

  it("that happens to give the right number of columns is still seen", async () => {
    const rows = await read(`${HEADER}Bad,"open\n${row("Good", ",x,y")}${row("More", "m")}`);
    expect(rejectedOf(rows)).toMatchObject([{ line: 2 }]);
    expect(names(rows)).toEqual(["Good", "More"]);
  });

  it("before more than 2 MiB without another quote is given up, and the rows behind it are read", async () => {
    const many = Array.from({ length: 30_000 }, (_, n) => `Title number ${n},${"words ".repeat(15)},TRUE,TEXT\n`);
    const rows = await read(`${HEADER}Bad,"open\n${many.join("")}${good}`, 65_536);
    expect(rejectedOf(rows)).toEqual([
      { line: 2, reason: "the row is larger than 2 MiB; is a quote not closed?", name: null },
    ]);
    expect(names(rows)).toHaveLength(many.length + 1);
  });

  it("never costs a good row that begins behind it", async () => {
    const word = fc.constantFrom(
      "word",
      "é",
      '"quoted"',
      ",",
      "\n",
      " ",
      "TRUE,TEXT",
      "${x}",
      '"',
      "\n\n",
      '",FALSE,TEXT',
    );
    // A body that begins with a comma or line end can make the broken row a valid one: nobody could tell.
    const body = fc.array(word, { maxLength: 12 }).map((parts) => `Begin ${parts.join("")} end`);
    const breaks = fc.constantFrom(
      'Bad,"unclosed,TRUE,TEXT\n',
      'Bad,"unclosed\n',
      '"Bad,unclosed,TRUE,TEXT\n',
      'Bad,it"s,TRUE,TEXT\n',
      'Bad,"a" b,TRUE,TEXT\n',
      'Bad,"a"b",TRUE,TEXT\n',
      "Bad,few\n",
      'Bad,x,TRUE,TEXT"\n',
      '"\n',
      "a,b,c,d,e,f\n",
      "Bad,\u0000,TRUE,TEXT\n",
      'Bad,"first\nhe said "no", and\nleft",TRUE,TEXT\n',
    );
    const crlf = fc.boolean();
    const sizes = fc.integer({ min: 1, max: 200 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { maxLength: 6 }),
        fc.nat(6),
        breaks,
        crlf,
        sizes,
        async (bodies, at, bad, dos, size) => {
          const rows = bodies.map((text, index) => row(`Title ${index}`, text));
          const place = Math.min(at, bodies.length);
          rows.splice(place, 0, bad);
          const file = HEADER + rows.join("");
          const answers = await read(dos ? file.replaceAll("\n", "\r\n") : file, size);
          expect(names(answers)).toEqual(bodies.map((_, index) => `Title ${index}`));
          const line = HEADER.length + rows.slice(0, place).join("").length;
          expect(rejectedOf(answers)[0]).toMatchObject({ line: file.slice(0, line).split("\n").length });
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never makes the reader fail or go on for ever, whatever the bytes", async () => {
    const piece = fc.constantFrom('"', '""', ",", "\n", "\r\n", "x", "TRUE", "TEXT", "\u0000", "é", "a,b,TRUE,TEXT\n");
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), async (parts, size) => {
        const file = HEADER + parts.join("");
        const lines = (await read(file, size)).map(({ line }) => line);
        expect(lines).toEqual(lines.toSorted((a, b) => a - b));
        expect(new Set(lines).size).toBe(lines.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a file of any size", () => {
  it("is pulled only as far as rows are asked for, and let go when they are not asked for any more", async () => {
    let pulled = 0;
    let letGo = false;
    async function* endless() {
      try {
        yield Buffer.from(HEADER);
        for (; ; pulled += 1) yield Buffer.from(row(`Title ${pulled}`, "x".repeat(1000)));
      } finally {
        letGo = true;
      }
    }
    const rows: CsvRow[] = [];
    for await (const each of readPromptCsv(endless())) if (rows.push(each) === 100) break;
    expect(itemsOf(rows)).toHaveLength(100);
    expect(pulled).toBeLessThan(200);
    expect(letGo).toBe(true);
  });

  it("may hold a line without an end: it is passed over without being kept", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    async function* pieces() {
      yield Buffer.from(`${HEADER}Bad,"`);
      for (let sent = 0; sent < 20; sent += 1) yield chunk;
      yield Buffer.from(`\n${row("Good", "g")}`);
    }
    expect(await Array.fromAsync(readPromptCsv(pieces()))).toMatchObject([
      { line: 2, reason: "the row is larger than 2 MiB; is a quote not closed?" },
      { line: 3, item: { name: "Good" } },
    ]);
  });
});

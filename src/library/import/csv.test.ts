// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written so in the files read here
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { type CsvItem, type CsvRow, readPromptCsv } from "./csv.ts";

const HEADER = "act,prompt,for_devs,type\n";

async function read(file: string | Uint8Array, pieceSize = Number.POSITIVE_INFINITY): Promise<CsvRow[]> {
  const bytes = Buffer.from(file);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  return await Array.fromAsync(readPromptCsv(pieces()));
}

const itemsOf = (rows: CsvRow[]): CsvItem[] => rows.flatMap((row) => ("item" in row ? [row.item] : []));
const rejectedOf = (rows: CsvRow[]) => rows.filter((row) => "reason" in row);
const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
const row = (act: string, prompt: string, devs = "FALSE", type = "TEXT") =>
  `${quoted(act)},${quoted(prompt)},${devs},${type}\n`;

describe("a prompts.csv", () => {
  it("is read row by row, with the line at which each begins", async () => {
    const file = `${HEADER}Plain,Do it,TRUE,TEXT\n${row("Two lines", 'a\n"b", c')}Last,"x",FALSE,STRUCTURED`;
    expect(await read(file)).toEqual([
      {
        line: 2,
        item: { name: "Plain", text: "Do it", template: "mustache", variables: {}, tags: ["for-devs"], notes: [] },
      },
      {
        line: 3,
        item: { name: "Two lines", text: 'a\n"b", c', template: "mustache", variables: {}, tags: [], notes: [] },
      },
      {
        line: 5,
        item: { name: "Last", text: "x", template: "mustache", variables: {}, tags: ["structured"], notes: [] },
      },
    ]);
  });

  it("is read the same in pieces of any size", async () => {
    const file = `${HEADER}${row("É", "a\r\n${b:c}😀")}bad,"x\n${row("T", "y")}`;
    const whole = await read(file);
    for (const size of [1, 2, 3, 7]) expect(await read(file, size)).toEqual(whole);
  });

  it("may have its columns in any order, more of them, and blank lines", async () => {
    const rows = await read("type,contributor,prompt,act,for_devs\n\nIMAGE,someone,Draw,Painter,true\n\n");
    expect(itemsOf(rows)).toMatchObject([{ name: "Painter", text: "Draw", tags: ["for-devs", "image"] }]);
  });

  it("may begin with a byte-order mark", async () => {
    const rows = await read(`\ufeff${HEADER}${row("T", "\ufeffx")}`);
    expect(itemsOf(rows)).toMatchObject([{ name: "T", text: "\ufeffx" }]);
  });

  it("whose records end in CRLF has LF inside its bodies", async () => {
    const file = `${HEADER}${row("T", "a\nb")}${row("U", "c\nd")}`.replaceAll("\n", "\r\n");
    expect(itemsOf(await read(file)).map(({ text }) => text)).toEqual(["a\nb", "c\nd"]);
    expect(itemsOf(await read(file.trimEnd())).map(({ text }) => text)).toEqual(["a\nb", "c\nd"]);
  });

  it("whose records end in LF keeps the line ends of its bodies", async () => {
    expect(itemsOf(await read(`${HEADER}${row("T", "a\r\nb\rc\n")}`))).toMatchObject([{ text: "a\r\nb\rc\n" }]);
  });

  it.each([
    ["", "the file is empty; "],
    ["\n\n", "the file is empty; "],
    ["title,text\na,b\n", "the first row is no header with act, prompt, for_devs, type; "],
    ["act,prompt\na,b\n", "the first row is no header with for_devs, type; "],
    ['act,"prompt\n', "the header cannot be read: a quote is opened and never closed; "],
  ])("that is %j has one fault: %s", async (file, reason) => {
    expect(await read(file)).toEqual([
      {
        line: 1,
        reason: `${reason}expected are the columns act, prompt, for_devs, type`,
        name: null,
      },
    ]);
  });
});

describe("a row that cannot be imported", () => {
  const bytes = (text: string) => Buffer.from(text, "latin1");
  it.each<[situation: string, row: string | Buffer, reason: string, name: string | null]>([
    ["too few columns", "a,b,TRUE\n", "the row has 3 columns, the header has 4", null],
    ["too many columns", "a,b,TRUE,TEXT,x\n", "the row has 5 columns, the header has 4", null],
    ["no title", row(" ", "x"), "the title is empty", null],
    ["no prompt", row("T", " \n "), "the prompt is empty", "T"],
    ["a body that is not UTF-8", bytes("T,caf\xe9,TRUE,TEXT\n"), "the prompt is not valid UTF-8", "T"],
    ["a title that is not UTF-8", bytes("caf\xe9,x,TRUE,TEXT\n"), "the title is not valid UTF-8", null],
    ["half a surrogate pair", bytes("T,\xed\xa0\xbd,TRUE,TEXT\n"), "the prompt is not valid UTF-8", "T"],
    ["a NUL", row("T", "a\u0000b"), "the prompt holds a NUL character, which cannot be stored", "T"],
    ["a NUL in the title", row("T\u0000", "a"), "the title holds a control character", null],
    ["a control character in the title", row("a\tb", "x"), "the title holds a control character", "a\tb"],
    ["a title of dots", row("..", "x"), 'the title has the part "..", which means a folder elsewhere', ".."],
    [
      "a long title",
      row("é".repeat(128), "x"),
      "the title is 256 bytes long; at most 255 are allowed",
      "é".repeat(128),
    ],
    [
      "a long body",
      row("T", "x".repeat(CONTENT_LIMIT + 1)),
      `the prompt is ${CONTENT_LIMIT + 1} bytes long; at most ${CONTENT_LIMIT} are allowed`,
      "T",
    ],
    ["a strange for_devs", "T,x,maybe,TEXT\n", 'for_devs is "maybe", neither TRUE nor FALSE', null],
    ["a strange type", 'T,x,TRUE,"a b"\n', 'type is "a b", not a word like TEXT', null],
    [
      "a stray quote",
      'T,it"s,TRUE,TEXT\n',
      "a quote stands in the middle of a field that does not begin with one",
      null,
    ],
    [
      "something behind a closing quote",
      'T,"a" b,TRUE,TEXT\n',
      "a quote inside a field is not doubled, or a field goes on behind its closing quote",
      null,
    ],
  ])("for %s is reported, and the rest goes on", async (_, broken, reason, name) => {
    const file = Buffer.concat([HEADER, row("A", "a"), broken, row("Z", "z")].map((part) => Buffer.from(part)));
    const rows = await read(file);
    expect(rejectedOf(rows)).toEqual([{ line: 3, reason, name }]);
    expect(itemsOf(rows).map((item) => item.name)).toEqual(["A", "Z"]);
  });

  it("may have exactly 1 MiB", async () => {
    expect(itemsOf(await read(`${HEADER}${row("T", "x".repeat(CONTENT_LIMIT))}`))).toHaveLength(1);
  });
});

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

describe("a title", () => {
  it("loses spaces around it and its slashes, is composed, and says so", async () => {
    const rows = await read(`${HEADER}${row(" UX/UI Cafe\u0301 ", "x")}`);
    expect(itemsOf(rows)).toMatchObject([
      {
        name: "UX-UI Café",
        notes: ["spaces around the title were removed", "/ in the title became -, since / makes folders"],
      },
    ]);
  });

  it("that repeats is numbered, past numbers that other titles have", async () => {
    const titles = ["X", "X", "X (3)", "X", "X (2)"];
    const rows = await read(HEADER + titles.map((title, index) => row(title, `body ${index}`)).join(""));
    expect(itemsOf(rows).map(({ name }) => name)).toEqual(["X", "X (2)", "X (3)", "X (4)", "X (2) (2)"]);
    expect(itemsOf(rows)[1]?.notes).toEqual(['the title repeats in this file: it became "X (2)"']);
  });

  it("that repeats with everything else is a twin, taken once", async () => {
    const rows = await read(
      HEADER + row("X", "a") + row("X", "b") + row(" X", "b") + row("X", "a", "TRUE") + row("X", "a"),
    );
    expect(rows.map((each) => ("item" in each ? each.item.name : each))).toEqual([
      "X",
      "X (2)",
      { line: 4, twin: "X (2)" },
      "X (3)",
      { line: 6, twin: "X" },
    ]);
  });

  it("of a rejected row is still free", async () => {
    expect(itemsOf(await read(HEADER + row("X", "") + row("X", "a")))).toMatchObject([{ name: "X" }]);
  });

  it("that would be too long with its number is rejected", async () => {
    const title = "x".repeat(253);
    const rows = await read(HEADER + row(title, "a") + row(title, "b"));
    expect(rows[1]).toEqual({
      line: 3,
      reason: "the title repeats, and the name it would get is 257 bytes long; at most 255 are allowed",
      name: title,
    });
  });
});

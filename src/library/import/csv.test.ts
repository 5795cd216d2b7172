// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written so in the files read here
import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT } from "../../contract/shapes.ts";
import { HEADER, itemsOf, read, rejectedOf, row } from "./testing/csv-file.ts";

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

  it("may be an older one of two columns, and have a blank behind each comma", async () => {
    const rows = await read('"act", "prompt"\n"Поэт", "Пиши, ""поэт"""\n"Bad": "x"\n"Last", y z\n');
    expect(itemsOf(rows)).toMatchObject([
      { name: "Поэт", text: 'Пиши, "поэт"', tags: [] },
      { name: "Last", text: " y z", tags: [] },
    ]);
    expect(rejectedOf(rows)).toMatchObject([{ line: 3 }]);
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

  it("with two columns of other names has titles and prompts in them, and says so once", async () => {
    const items = itemsOf(await read('"Запрос", "подсказка"\n"a", "x"\n"b", "y"\n'));
    const note = "the first row, Запрос, подсказка, was taken for the header: the titles, the prompts";
    expect(items.map(({ name, text, notes }) => [name, text, notes])).toEqual([
      ["a", "x", [note]],
      ["b", "y", []],
    ]);
  });

  it("with two columns of other names may have any quotes in a line; what is no such line is rejected alone", async () => {
    const lines = ['"a", "say "hi", ""you"" now".', '"b": "first "x""', '"c" "y "z""', '"d "e"", "f"', '"e", "fine ä"'];
    const rows = await read(`titre,invite\n${lines.join("\n")}\n`);
    expect(itemsOf(rows).map(({ name, text }) => [name, text])).toEqual([
      ["a", 'say "hi", "you" now.'],
      ["b", 'first "x"'],
      ['d "e"', "f"],
      ["e", "fine ä"],
    ]);
    expect(itemsOf(rows)[1]?.notes).toEqual([
      "its quotes are not as CSV has them: taken from the first of the line to the last",
    ]);
    expect(rows.filter((row) => "reason" in row).map(({ line }) => line)).toEqual([4]);
    const usual = await read(`act,prompt\n${lines.join("\n")}\n`);
    expect(itemsOf(usual).map(({ name }) => name)).toEqual(["e"]);
  });

  it.each([
    ["", "the file is empty; "],
    ["\n\n", "the file is empty; "],
    ["\ufeff", "the file is empty; "],
    ["title,text,more\na,b,c\n", "the first row is no header with act, prompt; "],
    ["Linux Terminal,Act as a terminal\na,b\n", "the first row is no header with act, prompt; "],
    ["act,text\na,b\n", "the first row is no header with prompt; "],
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
    expect(itemsOf(rows)[1]?.notes).toEqual(['the title repeats in this import: it became "X (2)"']);
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

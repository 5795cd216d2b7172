import { expect, it } from "vitest";
import { given, piecesOf, tellFormat, wantedFiles } from "./files.ts";

const file = (path: string, content: string | Uint8Array<ArrayBuffer> = "x") => ({
  path,
  file: new File([content], path),
});

it("a folder gives the paths inside of it, in order, without what is hidden; a file its name", () => {
  const files = given([
    file("patterns/b/system.md"),
    file("patterns/a/system.md"),
    file("patterns/.git/system.md"),
    file("x.csv"),
  ]);
  expect(files.map(({ inside, inFolder }) => [inside, inFolder])).toEqual([
    ["a/system.md", true],
    ["b/system.md", true],
    ["x.csv", false],
  ]);
});

it("a pattern that is given itself keeps the name of its folder", () => {
  expect(given([file("summarize/system.md"), file("summarize/user.md")]).map(({ inside }) => inside)).toEqual([
    "summarize/system.md",
    "summarize/user.md",
  ]);
});

it("the format is told where it leaves no doubt; what lies around in a folder is passed over", async () => {
  const langfuse = JSON.stringify([{ name: "a", version: 1, prompt: "x" }]);
  const folder = given([file("f/a/system.md"), file("f/README.md"), file("f/b/x.txt")]);
  expect(await tellFormat(folder)).toEqual({ formats: ["fabric"], unknown: [] });
  expect(wantedFiles(folder, "fabric").map(({ path }) => path)).toEqual(["f/a/system.md"]);
  expect(await tellFormat(given([file("a.csv"), file("b.json", `\ufeff${langfuse}`)]))).toEqual({
    formats: ["csv", "langfuse"],
    unknown: [],
  });
  expect(await tellFormat(given([file("a.json", "{"), file("b.txt")]))).toEqual({
    formats: [],
    unknown: ["a.json", "b.txt"],
  });
});

it("what is sent is the file to the byte, in pieces; an empty one, too", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Uint8Array(7 * 65_536 + 1);
  for (let at = 0; at < large.length; at += 1) large[at] = bytes[at % bytes.length] ?? 0;
  const pieces = await Array.fromAsync(piecesOf(given([file("a.csv", large), file("b.csv", "")])));
  expect(pieces.map(({ path }) => path)).toEqual(["a.csv", "a.csv", "a.csv", "b.csv"]);
  const sent = pieces.flatMap(({ content }) => Array.from(atob(content), (each) => each.charCodeAt(0)));
  expect(sent.length).toBe(large.length);
  expect(sent.every((byte, at) => byte === large[at])).toBe(true);
});

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { fetchedPrompt } from "../../test/support/fetched-prompt.ts";
import { BUNDLE_FORMAT, type Bundle, readBundle } from "../sdk/index.ts";
import { writeBundle } from "./bundle.ts";

const prompt = (name: string, text: string) => fetchedPrompt({ name, text });

it.each([
  ["no prompt", []],
  ["one prompt", [prompt("a", "x")]],
  [
    "several, in any script and with line ends",
    [prompt("a", "zwei\nZeilen\u2028"), prompt("б/ü", "]}"), prompt("c", "")],
  ],
])("a bundle of %s is written as JSON with a prompt on each line", async (_what, prompts) => {
  const bundle: Bundle = {
    format: BUNDLE_FORMAT,
    project: "default",
    madeAt: "2026-11-22T06:00:00.000Z",
    aliases: { old: "a" },
    prompts,
  };
  const stream = new PassThrough();
  const written = text(stream);
  await writeBundle(bundle, stream);
  stream.end();
  expect(readBundle(JSON.parse(await written))).toEqual(bundle);
  expect((await written).split("\n")).toHaveLength(prompts.length + 3);
});

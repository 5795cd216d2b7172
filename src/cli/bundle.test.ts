import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { BUNDLE_FORMAT, type Bundle, type Prompt, readBundle } from "../sdk/index.ts";
import { writeBundle } from "./bundle.ts";

const prompt = (name: string, said: string): Prompt => ({
  project: "default",
  name,
  type: "text",
  description: "",
  tags: [],
  version: 1,
  newest: 1,
  author: "user:ada",
  message: "",
  createdAt: "2026-11-22T06:00:00.000Z",
  contentHash: "sha256:00",
  labels: ["latest"],
  text: said,
  variables: {},
  config: {},
  template: "mustache",
});

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

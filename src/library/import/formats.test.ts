/** What holds for the readers of all formats. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../../test/support/library.ts";
import { importFormat } from "../../contract/import-shapes.ts";
import type { ForeignFormat } from "./items.ts";
import { readFiles } from "./testing/files.ts";

const formats = importFormat.options.filter((each): each is ForeignFormat => each !== "promptlib");
const paths: Readonly<Record<ForeignFormat, string>> = {
  csv: "a/p.csv",
  fabric: "a/system.md",
  prompty: "a/p.prompty",
  dotprompt: "a/p.prompt",
  openai: "a/p.json",
  anthropic: "a/p.json",
  langchain: "a/p.json",
  langfuse: "a/p.json",
  promptfoo: "a/promptfooconfig.yaml",
};

const text = fc
  .array(
    fc.constantFrom(
      ...[
        "---\n",
        "\n",
        "a: ",
        "- ",
        "system:\n",
        "user:\n",
        "{{",
        "}}",
        "{%",
        "%}",
        "if x",
        "endif",
        "{",
        "}",
        "[",
        "]",
      ],
      ...[
        '"',
        "'",
        ",",
        ":",
        "#",
        "&a ",
        "*a ",
        "!!binary ",
        "é😀",
        "\u0000",
        "\r\n",
        "\t",
        "__proto__",
        "prompts",
        "1e999",
      ],
      ...['{{role "user"}}', "{{history}}", "act,prompt,for_devs,type\n", "x", " ", "inputs", "sample", "? ", "<<: "],
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

const strange = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify({ messages: [value], _type: "chat", manifest: value })),
  fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.stringify([{ name: "a", version: value, prompt: value, labels: value, tags: value }])),
  fc
    .jsonValue({ maxDepth: 3 })
    .map(
      (value) =>
        `---\n${JSON.stringify({ inputs: value, input: { schema: value }, metadata: value, template: value })}\n---\nx`,
    ),
  fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.stringify({ prompts: [value, { raw: value, label: value, config: value }] })),
);

describe.each(formats)("a file of the format %s", (format) => {
  it("with anything in it gives prompts or reasons, never an error, and the same each time", async () => {
    const bytes = fc.oneof(text, strange, fc.uint8Array({ maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const read = await readFiles(format, { [paths[format]]: content });
        for (const { reason, text: body, messages } of read)
          expect(reason !== null || body !== undefined || messages).toBeTruthy();
        expect(await readFiles(format, { [paths[format]]: content }, 3)).toEqual(read);
      }),
      { numRuns: 400, ...fuzz },
    );
  });
});

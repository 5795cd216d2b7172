/** promptlib bundle: prompts in one file, for applications to read when there is no server to ask. */
import type { Writable } from "node:stream";
import type { Command } from "commander";
import { type Bundle, type BundleOptions, makeBundle } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { counted, note, printJson } from "./output.ts";
import { collect, examples, jsonOption, projectOption, usage } from "./verb.ts";
import { writeLine, writeWholeFile } from "./whole-file.ts";

interface Options {
  label?: string[];
  tag?: string;
  folder?: string;
  project?: string;
  json?: true;
}

export function registerBundle(program: Command): void {
  const command = program
    .command("bundle [file]")
    .summary("write prompts into one file for applications without a server")
    .description(
      "Write the prompts of a project into one JSON file (to standard output when no file is named, or -): the newest version of each, every version that has a label, and what these include. The client promptlib/sdk answers from it when no server does. It is for applications; to keep everything, export.",
    )
    .option("--label <label>", "only versions that have this label; may be given several times", collect)
    .option("--tag <tag>", "only prompts with this tag")
    .option("--folder <folder>", "only prompts below this folder, at any depth")
    .action(bundle);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib bundle prompts.bundle.json",
    "promptlib bundle --label production > prompts.bundle.json",
  );
}

async function bundle(file: string | undefined, { label, project, json, ...filter }: Options): Promise<void> {
  const path = file === undefined || file === "-" ? null : file;
  if (path === null && json) throw usage("With --json, name a file: standard output has the one value.");
  const { client } = await connect({ project });
  const options: BundleOptions = { ...filter, ...(label ? { labels: label } : {}) };
  const made = await makeBundle(client, options);
  if (path === null) await writeBundle(made, process.stdout);
  else await writeWholeFile(path, (stream) => writeBundle(made, stream));
  const names = new Set(made.prompts.map(({ name }) => name)).size;
  if (json) printJson({ file: path, prompts: names, versions: made.prompts.length, madeAt: made.madeAt });
  else if (names === 0) note("No prompt is like that: the bundle is empty.");
  else note(`${counted(names, "prompt")} with ${counted(made.prompts.length, "version")} bundled.`);
}

/** A prompt on each line, so that two bundles can be compared line by line. */
export async function writeBundle({ prompts, ...head }: Bundle, stream: Writable): Promise<void> {
  await writeLine(stream, `${JSON.stringify(head).slice(0, -1)},"prompts":[`);
  for (const [index, prompt] of prompts.entries()) {
    await writeLine(stream, `${JSON.stringify(prompt)}${index === prompts.length - 1 ? "" : ","}`);
  }
  await writeLine(stream, "]}");
}

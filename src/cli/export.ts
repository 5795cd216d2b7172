/** promptlib export: everything the prompts of a project have, into a file that an import puts back as it was. */
import type { Writable } from "node:stream";
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { counted, note, printJson } from "./output.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";
import { writeLine, writeWholeFile } from "./whole-file.ts";

interface ExportOptions {
  project?: string;
  json?: true;
}

export function registerExport(program: Command): void {
  const command = program
    .command("export [file]")
    .summary("export all prompts with everything they have")
    .description(
      "Export all prompts of a project, with versions, authors, times, former names, labels and where they have been, protected labels, tags, settings and the trash, as lines of JSON (to standard output when no file is named, or -). An import puts it back as it was. It is no backup: people, keys and the audit log are not in it.",
    )
    .action(exportFile);
  projectOption(jsonOption(command));
  examples(command, "promptlib export library.ndjson", "promptlib export | gzip > library.ndjson.gz");
}

interface Counted {
  prompts: number;
  versions: number;
}

async function exportFile(file: string | undefined, { project, json }: ExportOptions): Promise<void> {
  const path = file === undefined || file === "-" ? null : file;
  if (path === null && json) throw usage("With --json, name a file: standard output has the one value.");
  const { client } = await connect({ project });
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  try {
    const lines = client.exportPrompts({ signal: stop.signal });
    const seen =
      path === null ? await write(lines, process.stdout) : await writeWholeFile(path, (stream) => write(lines, stream));
    if (json) printJson({ file: path, ...seen });
    else note(`${counted(seen.prompts, "prompt")} with ${counted(seen.versions, "version")} exported.`);
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}

async function write(lines: AsyncIterable<string>, stream: Writable): Promise<Counted> {
  const seen: Counted = { prompts: 0, versions: 0 };
  for await (const line of lines) {
    if (line.startsWith('{"prompt":')) seen.prompts += 1;
    else if (line.startsWith('{"version":')) seen.versions += 1;
    await writeLine(stream, line);
  }
  return seen;
}

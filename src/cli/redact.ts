/** promptlib redact: take out what a version says. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { theOneInTrash } from "./trash.ts";
import { examples, jsonOption, projectOption, wholeNumber } from "./verb.ts";

interface RedactOptions {
  reason: string;
  trash?: true;
  project?: string;
  json?: true;
}

export function registerRedact(program: Command): void {
  const command = program
    .command("redact <name>")
    .summary("take out what a version says, for good")
    .description(
      "Take out what a version says: a password that was pasted by mistake. Number, author, time and hash stay. It cannot be taken back.",
    )
    .argument("<version>", "the version, on which there is no label", wholeNumber)
    .option("--trash", "of the prompt in the trash with this name, or with this ID")
    .requiredOption("--reason <text>", "why, for the audit log")
    .action(redact);
  projectOption(jsonOption(command));
  examples(command, "promptlib redact greeting 3 --reason 'A password was in it'");
}

async function redact(name: string, version: number, { reason, trash, project, json }: RedactOptions): Promise<void> {
  const { client } = await connect({ project });
  const redacted = trash
    ? await client.redactTrashed((await theOneInTrash(client, name)).id, version, reason)
    : await client.redactVersion(name, version, reason);
  if (json) return printJson(redacted);
  print(`${redacted.name}: version ${redacted.version} says nothing any more`);
  note(
    redacted.heldByBackupsUntil === null
      ? "Backups and WAL from before still hold it as long as they are kept. Change the secret all the same."
      : `Backups from before hold it until ${redacted.heldByBackupsUntil}. Change the secret all the same.`,
  );
  if (redacted.copies.length === 0) return;
  const copies = redacted.copies.map((copy) => `${copy.name} ${copy.version}${copy.trashed ? " (in the trash)" : ""}`);
  note(`The same still stands in: ${copies.join(", ")}.`);
}

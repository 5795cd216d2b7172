/** promptlib backup: makes a backup now. */
import type { Command } from "commander";
import { size } from "../contract/size.ts";
import type { BackupManifest } from "../recovery/layout.ts";
import { counted, note, print, printJson } from "./output.ts";
import { order } from "./recovery-order.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerBackup(program: Command): void {
  const command = program
    .command("backup")
    .summary("make a backup now")
    .description(
      "Make a full backup now, into every location, and attest what exactly is in every table. Backups are also made by themselves, every BACKUP_INTERVAL. It goes on while the library is used.",
    )
    .action(backup);
  examples(jsonOption(command), "promptlib backup", "promptlib backup --json");
}

interface MadeBackup extends Omit<BackupManifest, "parts"> {
  parts: number;
  /** Bytes, in each location. */
  stored: number;
  in: string[];
  missing: { location: string; reason: string }[];
  attested: { point: string } | null;
  notAttested: string | null;
  /** Files of the home that could not be read, a sentence each. */
  unread: string[];
  filledIn: { damaged?: string }[];
  notFilledIn: { backup: string; location: string; reason: string }[];
  walNotFilledIn: { location: string; reason: string }[];
}

async function backup({ json }: { json?: true }): Promise<void> {
  const made = await order<MadeBackup>({ verb: "backup", options: { reason: "manual" } });
  if (json) return printJson(made);
  const bytes = `${size(made.tar.size)}, stored as ${size(made.stored)} in ${counted(made.parts, "part")}`;
  print(`${made.id}: ${bytes}, in ${made.in.join(", ")}`);
  for (const { location, reason } of made.missing) note(`Not in ${location}: ${reason}`);
  for (const { backup, location, reason } of made.notFilledIn)
    note(`${backup} is still missing in ${location}: ${reason}`);
  for (const { damaged } of made.filledIn) if (damaged !== undefined) note(`Taken from another location: ${damaged}`);
  for (const { location, reason } of made.walNotFilledIn) note(`Older WAL is still missing in ${location}: ${reason}`);
  for (const warning of made.warnings) note(`PostgreSQL warned: ${warning}`);
  for (const what of made.unread) note(`Not in the backup: ${what}`);
  if (made.notAttested !== null) note(`Not attested this time: ${made.notAttested}`);
}

/** promptlib info: what the locations hold. Asks them alone, so it answers whatever else is dead. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { readConfig } from "../base/config.ts";
import type { BackupInfo, LocationInfo, RecoveryInfo } from "../contract/recovery-shapes.ts";
import { size } from "../contract/size.ts";
import { nothingThere, wasMade } from "./no-home.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerInfo(program: Command): void {
  const command = program
    .command("info")
    .summary("show backups, where they are, and to what moments one can return")
    .description(
      "Show the locations, the backups in them and the moments that can be returned to. It reads the locations alone: neither the guardian nor a database is needed.",
    )
    .action(info);
  examples(jsonOption(command), "promptlib info", "promptlib info --json");
}

async function info({ json }: { json?: true }): Promise<void> {
  const config = readConfig();
  const { home, backup } = config;
  if (!wasMade(home) && !existsSync(backup.dir) && backup.locations.length === 0) throw nothingThere(home);
  const [{ configuredLocations }, { readInfo }] = await Promise.all([
    import("../recovery/configured-locations.ts"),
    import("../recovery/info.ts"),
  ]);
  const found = await readInfo(await configuredLocations(config, { make: false }), { recovery: home.recovery });
  if (json) return printJson(found);
  tell(found);
}

function tell({ locations, backups, window, warnings }: RecoveryInfo): void {
  printTable(locationColumns, locations);
  print("");
  if (backups.length === 0) print("There is no backup yet: promptlib up makes the first one by itself.");
  else printTable(backupColumns, backups);
  print("");
  print(windowWords(window));
  for (const { from, to, missing } of window.gaps) {
    note(`Not between ${momentWords(from)} and ${to ? momentWords(to) : "now"}: ${missing} is missing.`);
  }
  for (const { id, warnings: said } of backups) for (const one of said) note(`PostgreSQL warned in ${id}: ${one}`);
  for (const warning of warnings) note(warning);
}

function windowWords({ earliest, latest }: RecoveryInfo["window"]): string {
  if (!earliest || !latest) return "Nothing can be restored yet.";
  return `Every moment from ${momentWords(earliest)} to ${momentWords(latest)} can be restored.`;
}

function momentWords({ at, lsn }: { at: string | null; lsn: string }): string {
  return at === null ? lsn : `${localTime(at)} (${lsn})`;
}

const locationColumns: readonly Column<LocationInfo>[] = [
  { title: "LOCATION", cell: ({ name }) => name },
  {
    title: "LOST WITH",
    cell: ({ domain }) => ({ disk: "this disk", host: "this machine", elsewhere: "neither" })[domain],
  },
  { title: "STATE", cell: ({ reachable, problem }) => (reachable ? "ok" : (problem ?? "away")) },
  { title: "BACKUPS", cell: ({ backups }) => size(backups.bytes), right: true },
  { title: "WAL", cell: ({ wal }) => size(wal.bytes), right: true },
  { title: "FREE", cell: ({ free }) => (free === null ? "" : size(free)), right: true },
  { title: "URL", cell: ({ url }) => url },
];

const backupColumns: readonly Column<BackupInfo>[] = [
  { title: "BACKUP", cell: ({ id }) => id, whole: true },
  { title: "STATE", cell: ({ state }) => state },
  { title: "ENDED", cell: ({ end }) => localTime(end?.at ?? null) },
  { title: "SIZE", cell: (one) => (one.size === null ? "" : size(one.size)), right: true },
  { title: "STORED", cell: ({ stored }) => (stored === null ? "" : size(stored)), right: true },
  { title: "ATTESTED", cell: ({ attested }) => (attested ? "yes" : "no") },
  { title: "IN", cell: (one) => one.in.join(", ") },
];

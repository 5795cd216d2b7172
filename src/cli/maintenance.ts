/** promptlib maintenance: refuse writes, or everything, for a while, with a message for users. */
import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import { now } from "../base/clock.ts";
import { seconds } from "../base/setting-values.ts";
import { maintenanceOf, type SetMaintenance } from "../contract/maintenance.ts";
import { maintenanceModes } from "../contract/shapes.ts";
import { type Maintenance, PromptlibError } from "../sdk/index.ts";
import { connect, homeOf, osUser } from "./connect.ts";
import { reachGuardian } from "./guardian-client.ts";
import { instantOf } from "./instant.ts";
import { localTime, note, onOneLine, print, printJson } from "./output.ts";
import { examples, jsonOption, usage } from "./verb.ts";

interface MaintenanceOptions {
  message?: string;
  until?: string;
  json?: true;
}

export function registerMaintenance(program: Command): void {
  const command = program
    .command("maintenance")
    .summary("show, begin or end maintenance")
    .description(
      "Show whether the library is in maintenance, or set it: read-only refuses writes, closed also reads, off ends it. It outlives restarts, restores and the database.",
    )
    .addArgument(new Argument("[mode]", "what to set").choices(maintenanceModes))
    .option("--message <text>", "why, for users: it is in every answer that refuses")
    .option("--until <time>", "the planned end: 2h, or a time like 2027-01-31T12:00:00Z; it does not end by itself")
    .action(maintain);
  examples(
    jsonOption(command),
    "promptlib maintenance",
    'promptlib maintenance read-only --until 2h --message "Moving to a new machine."',
    "promptlib maintenance off",
  );
}

async function maintain(mode: Maintenance["mode"] | undefined, options: MaintenanceOptions): Promise<void> {
  const { message, until, json } = options;
  if ((mode ?? "off") === "off" && (message !== undefined || until !== undefined)) {
    throw usage("--message and --until go with read-only or closed.");
  }
  const wanted = mode && {
    mode,
    ...(message === undefined ? {} : { message }),
    ...(until === undefined ? {} : { endsAt: endOf(until, now()) }),
  };
  const found = await throughServer(wanted).catch((error) => throughGuardian(error, wanted));
  if (json) return printJson(found);
  for (const line of maintenanceLines(found)) print(line);
}

async function throughServer(wanted: SetMaintenance | undefined): Promise<Maintenance> {
  const { client } = await connect();
  return await (wanted ? client.setMaintenance(wanted) : client.readMaintenance());
}

/** Where the server of this machine's home does not answer, the guardian may: it holds the mode. */
async function throughGuardian(failure: unknown, wanted: SetMaintenance | undefined): Promise<Maintenance> {
  const away = failure instanceof PromptlibError && ["not_running", "server_unreachable"].includes(failure.code);
  const home = away ? homeOf() : null;
  const guardian = home && (await reachGuardian(home));
  if (!guardian) throw failure;
  note("The server does not answer; this is what the guardian holds.");
  if (!wanted) return maintenanceOf(await guardian.maintenance());
  const { mode, message = "", endsAt = null } = wanted;
  const by = { by: `local:${osUser()}`, address: null };
  return maintenanceOf(
    await guardian.changeMaintenance({ id: randomUUID(), at: now().toISOString(), ...by, mode, message, endsAt }),
  );
}

/** Throws `usage`. */
export function endOf(text: string, from: Date): string {
  const duration = seconds(text);
  const end = duration === null ? new Date(instantOf(text)) : new Date(from.getTime() + duration * 1000);
  if (end <= from) throw usage(`${text} has passed already.`);
  return end.toISOString();
}

export function maintenanceLines({ mode, message, since, endsAt }: Maintenance): string[] {
  if (mode === "off") return ["There is no maintenance."];
  const what = mode === "closed" ? "closed: nothing is read or written" : "read-only: nothing is written";
  return [
    `The library is ${what}.`,
    ...(message === "" ? [] : [onOneLine(message)]),
    `Since ${localTime(since)}; planned end: ${endsAt === null ? "not known" : localTime(endsAt)}. End it with: promptlib maintenance off`,
  ];
}

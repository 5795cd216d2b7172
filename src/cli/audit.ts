/** promptlib audit: who did what. */
import type { Command } from "commander";
import { type AuditEntry, type AuditFilter, collectPages } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { momentOf } from "./moment.ts";
import { count, counted, localTime, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, usage, wholeNumber } from "./verb.ts";
import { writeLine } from "./whole-file.ts";

interface AuditOptions {
  actor?: string;
  action?: string;
  subject?: string;
  from?: string;
  to?: string;
  project?: string;
  limit?: number;
  all?: true;
  export?: true;
  json?: true;
}

const DEFAULT_LIMIT = 50;

export function registerAudit(program: Command): void {
  const command = program
    .command("audit")
    .summary("read or export the audit log: who did what")
    .description("Read the audit log, the newest entry first, or export it, the oldest first.")
    .option("--actor <actor>", "only by user:NAME, key:ID, local:OS-USER or nobody")
    .option("--action <action>", "only this action, like key.create; key alone: every action about keys")
    .option("--subject <subject>", "only on this: a prompt, a user, the id of a key")
    .option("--project <name>", "only in this project; left out: everything, for an operator (PROMPTLIB_PROJECT)")
    .option("--from <date>", "from the beginning of this day, like 2027-01-31, or a time, like 2027-01-31T12:00:00Z")
    .option("--to <date>", "to the end of this day, or before this time")
    .option("--limit <n>", `at most so many; ${DEFAULT_LIMIT} when left out`, wholeNumber)
    .option("--all", "every one")
    .option("--export", "print every one as a line of JSON, as it comes, the oldest first")
    .action(audit);
  jsonOption(command);
  examples(
    command,
    "promptlib audit --action key --from 2027-01-01",
    "promptlib audit --actor user:eva --project website --json",
    "promptlib audit --export --to 2026-12-31 > audit-2026.ndjson",
  );
}

async function audit(options: AuditOptions): Promise<void> {
  if (options.all && options.limit !== undefined) throw usage("Either --limit or --all can be given.");
  if (options.export && (options.all || options.limit !== undefined || options.json)) {
    throw usage("--export prints every entry as a line of JSON: it goes without --limit, --all and --json.");
  }
  const filter = filterOf(options);
  const { client } = await connect({ project: options.project });
  if (options.export) {
    for await (const entry of client.exportAudit(filter)) await writeLine(process.stdout, JSON.stringify(entry));
    return;
  }
  const most = options.all ? Number.POSITIVE_INFINITY : (options.limit ?? DEFAULT_LIMIT);
  const found = await collectPages((page) => client.listAudit({ ...filter, ...page }), most);
  if (options.json) return printJson(found);
  if (found.items.length === 0) return note("No entry matches.");
  printTable(columns, found.items);
  if (found.nextCursor === null) return;
  const total = `${found.totalIsExact ? "" : "more than "}${counted(found.total, "entry", "entries")}`;
  note(`${count(found.items.length)} of ${total}; --all shows every one.`);
}

export function filterOf({ actor, action, subject, from, to }: AuditOptions): AuditFilter {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(from === undefined ? {} : { from: momentOf(from, "start").toISOString() }),
    ...(to === undefined ? {} : { to: momentOf(to, "end").toISOString() }),
  };
}

const columns: readonly Column<AuditEntry>[] = [
  { title: "AT", cell: ({ at }) => localTime(at), whole: true },
  { title: "WHO", cell: ({ actor }) => actor },
  { title: "DID", cell: ({ action }) => action, whole: true },
  { title: "ON", cell: ({ subject }) => subject },
  { title: "PROJECT", cell: ({ project }) => project ?? "" },
  { title: "FROM", cell: ({ address }) => address ?? "" },
  { title: "DETAILS", cell: ({ details }) => (Object.keys(details).length === 0 ? "" : JSON.stringify(details)) },
];

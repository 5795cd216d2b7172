/** promptlib key: the API keys of the project. */
import type { Command } from "commander";
import { now } from "../base/clock.ts";
import { seconds } from "../base/setting-values.ts";
import type { ApiKey } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { momentOf } from "./moment.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { collect, examples, jsonOption, projectOption, usage } from "./verb.ts";

interface KeyOptions {
  project?: string;
  json?: true;
}

interface CreateOptions extends KeyOptions {
  scope?: string[];
  expires?: string;
}

interface RotateOptions extends KeyOptions {
  overlap: string;
  expires?: string;
}

const DEFAULT_OVERLAP = "24h";

export function registerKey(program: Command): void {
  const key = program
    .command("key")
    .summary("make, rotate, list and revoke API keys")
    .description("Make, rotate, list and revoke the API keys of the project.");
  const create = key
    .command("create <name>")
    .description("Make an API key and print it, this once.")
    .option("--scope <scope>", "read, write or label:NAME; may be repeated; read when left out", collect)
    .option("--expires <date>", "the last day it works, like 2027-01-31, or a time, like 2027-01-31T12:00:00Z")
    .action(createKey);
  projectOption(jsonOption(create));
  examples(create, "promptlib key create website", "KEY=$(promptlib key create ci --scope write --expires 2027-01-31)");
  const rotate = key
    .command("rotate <id>")
    .description("Make a new API key with the name and scopes of this one, which works on for the overlap; print it.")
    .option("--overlap <time>", "how long the old key works on, like 90m, 24h or 7d; 0s: not at all", DEFAULT_OVERLAP)
    .option("--expires <date>", "the last day of the new key, or a time; left out: it lasts as long as the old was to")
    .action(rotateKey);
  projectOption(jsonOption(rotate));
  examples(rotate, "KEY=$(promptlib key rotate 4fz8k2m1)", "promptlib key rotate 4fz8k2m1 --overlap 7d");
  const list = key.command("list").description("List the API keys of the project.").action(listKeys);
  projectOption(jsonOption(list));
  examples(list, "promptlib key list");
  const revoke = key.command("revoke <id>").description("Revoke an API key, for ever.").action(revokeKey);
  projectOption(jsonOption(revoke));
  examples(revoke, "promptlib key revoke 4fz8k2m1");
}

async function clientOf({ project }: KeyOptions) {
  return (await connect({ project })).client;
}

async function createKey(name: string, options: CreateOptions): Promise<void> {
  const expiresAt = options.expires === undefined ? undefined : expiry(options.expires, now());
  const client = await clientOf(options);
  const created = await client.createKey({
    name,
    ...(options.scope === undefined ? {} : { scopes: options.scope }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  if (options.json) return printJson(created);
  // The key alone on standard output, so that it can go into a variable or a file.
  print(created.key);
  note(`This is shown once; keep it somewhere safe. It may ${created.scopes.join(", ")} in ${created.project}.`);
}

async function rotateKey(id: string, options: RotateOptions): Promise<void> {
  const overlapSeconds = seconds(options.overlap);
  if (overlapSeconds === null) throw usage(`${options.overlap} is no time like 90m, 24h or 7d.`);
  const expiresAt = options.expires === undefined ? undefined : expiry(options.expires, now());
  const client = await clientOf(options);
  const rotated = await client.rotateKey(id, { overlapSeconds, ...(expiresAt === undefined ? {} : { expiresAt }) });
  if (options.json) return printJson(rotated);
  print(rotated.key);
  note(`This is shown once; keep it somewhere safe. The new key ${rotated.id} ${keyState(rotated, now())}.`);
  note(`The old key ${id} ${rotated.replaces.revokedAt ? "was " : ""}${keyState(rotated.replaces, now())}.`);
}

/** The instant, in UTC, at which a key ends: a day counts to its end in the local time zone. */
export function expiry(given: string, present: Date): string {
  const at = momentOf(given, "end");
  if (at <= present) throw usage(`${given} is over already.`);
  return at.toISOString();
}

async function listKeys(options: KeyOptions): Promise<void> {
  const keys = await (await clientOf(options)).listKeys();
  if (options.json) return printJson(keys);
  if (keys.items.length === 0) return note("There are no API keys yet. Make one with: promptlib key create NAME");
  printTable(columns(now()), keys.items);
}

async function revokeKey(id: string, options: KeyOptions): Promise<void> {
  const revoked = await (await clientOf(options)).revokeKey(id);
  if (options.json) return printJson(revoked);
  print(`The key ${revoked.name} (${revoked.id}) was revoked.`);
}

function columns(present: Date): readonly Column<ApiKey>[] {
  return [
    { title: "ID", cell: ({ id }) => id, whole: true },
    { title: "NAME", cell: ({ name }) => name },
    { title: "SCOPES", cell: ({ scopes }) => scopes.join(", ") },
    { title: "STATE", cell: (key) => keyState(key, present) },
    { title: "LAST USED", cell: ({ lastUsedAt }) => localTime(lastUsedAt), whole: true },
    { title: "CREATED", cell: ({ createdAt }) => localTime(createdAt), whole: true },
  ];
}

export function keyState({ revokedAt, expiresAt }: Pick<ApiKey, "revokedAt" | "expiresAt">, present: Date): string {
  if (revokedAt !== null) return `revoked ${localTime(revokedAt)}`;
  if (expiresAt === null) return "works";
  return `${new Date(expiresAt) <= present ? "expired" : "works until"} ${localTime(expiresAt)}`;
}

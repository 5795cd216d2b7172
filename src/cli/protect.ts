/** promptlib protect: the protected labels of the project. */
import type { Command } from "commander";
import type { Client, ProtectedLabel } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface ProtectOptions {
  remove?: true;
  project?: string;
  json?: true;
}

export function registerProtect(program: Command): void {
  const command = program
    .command("protect [label]")
    .summary("list or set the protected labels of the project")
    .description(
      "List the protected labels of the project, or protect one: then only admins, and API keys with the scope label:NAME, may move it.",
    )
    .option("--remove", "protect the label no more")
    .action(protect);
  projectOption(jsonOption(command));
  examples(command, "promptlib protect", "promptlib protect production", "promptlib protect staging --remove");
}

async function protect(label: string | undefined, { remove, project, json }: ProtectOptions): Promise<void> {
  if (label === undefined && remove) throw usage("Say which label.");
  const { client } = await connect({ project });
  if (label === undefined) return await listProtected(client, json === true);
  if (remove) {
    await client.unprotectLabel(label);
    return json ? printJson({ label, protected: false }) : print(`${label} is not protected any more`);
  }
  const made = await client.protectLabel(label);
  return json ? printJson(made) : print(`${label} is protected`);
}

async function listProtected(client: Client, json: boolean): Promise<void> {
  const labels = await client.listProtectedLabels();
  if (json) return printJson(labels);
  if (labels.items.length === 0) return note("No label is protected. Protect one with: promptlib protect LABEL");
  printTable(columns, labels.items);
}

const columns: readonly Column<ProtectedLabel>[] = [
  { title: "LABEL", cell: ({ label }) => label },
  { title: "PROTECTED", cell: ({ protectedAt }) => localTime(protectedAt), whole: true },
  { title: "BY", cell: ({ protectedBy }) => protectedBy },
];

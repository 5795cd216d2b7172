/** promptlib promote: one label of many prompts follows another, all of them or none. */
import type { Command } from "commander";
import type { PromoteLabel, Promotion } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { versionText } from "./label-history.ts";
import { counted, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface PromoteOptions {
  folder?: string;
  tag?: string;
  all?: true;
  dryRun?: true;
  project?: string;
  json?: true;
}

export function registerPromote(program: Command): void {
  const command = program
    .command("promote <from> <to> [names...]")
    .summary("put a label of many prompts where another one is")
    .description(
      "Put the label TO of many prompts where their label FROM is, in one act: when one of them cannot be moved, none is.",
    )
    .option("--folder <folder>", "all prompts below this folder that have the label FROM")
    .option("--tag <tag>", "all prompts with this tag that have the label FROM")
    .option("--all", "all prompts of the project that have the label FROM")
    .option("--dry-run", "only tell what would be moved")
    .action(promote);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib promote staging production mail/welcome mail/goodbye",
    "promptlib promote staging production --folder mail --dry-run",
  );
}

async function promote(from: string, to: string, names: string[], options: PromoteOptions): Promise<void> {
  const request = promotionOf(from, names, options);
  const { client } = await connect({ project: options.project });
  const promotion = await client.promoteLabel(to, request);
  if (options.json) return printJson(promotion);
  if (promotion.items.length > 0) printTable(columns, promotion.items);
  note(summaryText(promotion));
}

export function promotionOf(from: string, names: string[], { folder, tag, all, dryRun }: PromoteOptions): PromoteLabel {
  const ways = [names.length > 0, folder !== undefined || tag !== undefined, all].filter(Boolean).length;
  if (ways !== 1) throw usage("Say which prompts: their names, --folder or --tag, or --all.");
  return {
    from,
    ...(names.length > 0 ? { names } : {}),
    ...(folder === undefined ? {} : { folder }),
    ...(tag === undefined ? {} : { tag }),
    ...(all ? { all } : {}),
    ...(dryRun ? { dryRun } : {}),
  };
}

export function summaryText({ label, from, moved, unchanged, dryRun }: Promotion): string {
  const deed = dryRun ? "would be moved" : moved === 1 ? "was moved" : "were moved";
  const rest = unchanged === 0 ? "" : ` ${counted(unchanged, "prompt")} had both on one version already.`;
  return `${label} of ${counted(moved, "prompt")} ${deed} to where ${from} is.${rest}`;
}

const columns: readonly Column<Promotion["items"][number]>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "FROM", cell: ({ from }) => versionText(from), right: true, whole: true },
  { title: "TO", cell: ({ to }) => String(to), right: true, whole: true },
];

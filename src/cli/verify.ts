/** promptlib verify: reads a backup back. */
import type { Command } from "commander";
import { size } from "../contract/size.ts";
import { notVerifiedLines, type VerifiedEverywhere } from "../recovery/verify-shapes.ts";
import { count, print, printJson } from "./output.ts";
import { order } from "./recovery-order.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerVerify(program: Command): void {
  const command = program
    .command("verify [backup]")
    .summary("read a backup and the WAL behind it back, and check every byte")
    .description(
      "Read a backup (without an id the newest) and all WAL behind it back from every location that has it, and check every byte against its SHA-256. Everything that is wrong is listed, and each location that is away. Ends with 21 when something is.",
    )
    .action(verify);
  examples(jsonOption(command), "promptlib verify", "promptlib verify 20261122T060000Z-7f3a --json");
}

async function verify(backup: string | undefined, { json }: { json?: true }): Promise<void> {
  const options = backup === undefined ? {} : { backup };
  const result = await order<VerifiedEverywhere>({ verb: "verify", options });
  if (json) return printJson(result);
  for (const { location, read, walUpTo } of result.reports) {
    print(
      `${result.backup} in ${location} is whole: ${count(read.files)} files, ${size(read.bytes)}, and ${count(read.walObjects)} objects of WAL behind it, up to ${walUpTo ?? "nowhere"}.`,
    );
  }
  for (const line of notVerifiedLines(result)) print(line);
}

/** promptlib drill: tries a disaster on a scratch copy. */
import { Argument, type Command } from "commander";
import type { DrillReport } from "../contract/recovery-shapes.ts";
import { count, note, print, printJson } from "./output.ts";
import { order } from "./recovery-order.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerDrill(program: Command): void {
  const command = program
    .command("drill")
    .summary("try a disaster on a scratch copy, timed, and compare what comes back")
    .description(
      "Carry out a disaster on a scratch copy. database-failure: the newest attested backup is restored beside the living database and every table is compared, row by row. The library goes on meanwhile. Its time is the measured time to recover.",
    )
    .addArgument(new Argument("<scenario>", "what is lost").choices(["database-failure"]))
    .action(drill);
  examples(jsonOption(command), "promptlib drill database-failure");
}

async function drill(scenario: "database-failure", { json }: { json?: true }): Promise<void> {
  const report = await order<DrillReport>({ verb: "drill", options: { scenario } });
  if (json) return printJson(report);
  for (const line of drillLines(report)) print(line);
  for (const what of report.notCompared) note(`Not compared: ${what}.`);
  for (const warning of report.warnings) note(warning);
}

export function drillLines({ backup, point, compared, timeToRecover, seconds, phases }: DrillReport): string[] {
  return [
    `The backup ${backup} was restored to its attested point (${point?.at ?? ""}), and is the same.`,
    `  compared         ${count(compared.tables)} tables, ${BigInt(compared.rows).toLocaleString("en-US")} rows`,
    `  time to recover  ${timeToRecover?.toFixed(1) ?? "?"} s (${seconds.toFixed(1)} s with the comparison)`,
    `  phases           ${phases.map((one) => `${one.phase} ${one.seconds.toFixed(1)} s`).join(", ")}`,
  ];
}

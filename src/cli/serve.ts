/** promptlib serve: the server. `up` runs it; by itself it serves containers of its own. */
import type { Command } from "commander";
import { readConfig } from "../base/config.ts";
import { serveProcess } from "./serve-process.ts";
import { examples } from "./verb.ts";

export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .summary("run the server alone (up does this)")
    .description(
      "Run the server alone. It listens before PostgreSQL answers, and reads are served from the mirror until it does. `promptlib up` runs it together with the embedded PostgreSQL.",
    )
    .action(serve);
  examples(command, "promptlib serve", "DATABASE_URL=postgres://… promptlib serve");
}

async function serve(): Promise<void> {
  const config = readConfig();
  const { startServer } = await import("../server/serve.ts");
  await serveProcess(config, startServer);
}

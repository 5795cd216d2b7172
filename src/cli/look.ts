/** promptlib look: how the guardian has locations looked at, in a process of its own. Nobody else calls it. */
import { devNull } from "node:os";
import type { Command } from "commander";
import { readConfig } from "../base/config.ts";
import { openLog } from "../base/log.ts";
import { jobRequest } from "../contract/recovery.ts";
import { leave, say, sayFailed } from "./for-guardian.ts";
import { nobody } from "./no-home.ts";
import { usage } from "./verb.ts";

export function registerLook(program: Command): void {
  program.command("look <what> <options>", { hidden: true }).description("carried out for the guardian").action(look);
}

async function look(what: string, options: string): Promise<void> {
  if (!process.send) throw usage("Only the guardian looks like this.");
  const stop = new AbortController();
  process.once("disconnect", () => stop.abort());
  try {
    await say({ type: "result", result: await seen(what, JSON.parse(options), stop.signal) });
  } catch (error) {
    await sayFailed(error);
  } finally {
    leave();
  }
}

async function seen(what: string, options: object, signal: AbortSignal): Promise<unknown> {
  const config = readConfig();
  if (what === "plan") {
    const { work } = await import("./recovery-work.ts");
    const request = jobRequest.parse({ verb: "restore", options: { ...options, plan: true } });
    const log = openLog(config.logLevel, devNull);
    return await work(request, { config, log, signal, progress() {}, patient: nobody });
  }
  const [{ configuredLocations }, { readInfo }] = await Promise.all([
    import("../recovery/configured-locations.ts"),
    import("../recovery/info.ts"),
  ]);
  const { recovery } = config.home;
  return await readInfo(await configuredLocations(config, { make: false }), { recovery, signal });
}

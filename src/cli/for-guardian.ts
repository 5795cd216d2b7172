/** How a process that the guardian started answers it. */
import type { FromJob } from "../base/job-channel.ts";
import { PromptlibError } from "../contract/errors.ts";
import { told } from "./told.ts";

/** Resolves when the message has left, or when there is nobody to take it. */
export async function say(message: FromJob): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!process.send || !process.connected) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}

/** What waits for a disk that hangs keeps a process alive, also from `process.exit()`. */
const LEAVES_WITHIN_MS = 2_000;

/** The answer has been said, so nothing is left to do: the process ends, whatever it still waits for. */
export function leave(): void {
  if (process.connected) process.disconnect();
  setTimeout(() => process.kill(process.pid, "SIGKILL"), LEAVES_WITHIN_MS).unref();
}

/** Also sets the exit code; what is unexpected is printed whole. */
export async function sayFailed(error: unknown): Promise<void> {
  if (!(error instanceof PromptlibError)) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  await say({ type: "failed", error: told(error).toJSON().error });
  process.exitCode = told(error).exit;
}

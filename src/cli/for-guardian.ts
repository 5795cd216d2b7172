/** How a process that the guardian started answers it. */
import { isErrno } from "../base/files.ts";
import type { FromJob } from "../base/job-channel.ts";
import { PromptlibError } from "../contract/errors.ts";

/** Resolves when the message has left, or when there is nobody to take it. */
export async function say(message: FromJob): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!process.send || !process.connected) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}

/** Also sets the exit code; what is unexpected is printed whole. */
export async function sayFailed(error: unknown): Promise<void> {
  if (!(error instanceof PromptlibError)) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  await say({ type: "failed", error: told(error).toJSON().error });
  process.exitCode = told(error).exit;
}

function told(error: unknown): PromptlibError {
  if (error instanceof PromptlibError) return error;
  if (isErrno(error, "ENOSPC", "EDQUOT")) return new PromptlibError("disk_full", { cause: error });
  const what = error instanceof Error ? error.message : String(error);
  return new PromptlibError("internal", {
    message: `Something unexpected went wrong on our side: ${what}`,
    cause: error,
  });
}

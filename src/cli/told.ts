/** What a failure is called, whatever was thrown. */
import { isDiskFull } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";

/** Ours as it is, a full disk by its name, everything else as `internal`. `hint`: for that, in place of the table's. */
export function told(error: unknown, hint?: string): PromptlibError {
  if (error instanceof PromptlibError) return error;
  if (isDiskFull(error)) return new PromptlibError("disk_full", { cause: error });
  const what = error instanceof Error ? error.message : String(error);
  return new PromptlibError("internal", {
    message: `Something unexpected went wrong on our side: ${what}`,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** What an error says about an object that was read back. */
import { PromptlibError } from "../contract/errors.ts";

/** `object`: the one that the error names, or null. What concerns the place, or us, is thrown on. */
export function problemOf(error: unknown): { object: string | null; problem: string } {
  if (!(error instanceof PromptlibError)) throw error;
  if (error.code !== "backup_damaged" && error.code !== "object_not_found") throw error;
  const { details } = error;
  const object = typeof details === "object" && details !== null && "object" in details ? details.object : null;
  return { object: typeof object === "string" ? object : null, problem: error.message };
}
